import { financerag } from "./financerag.ts";
import { full } from "./full.ts";
import { m31 } from "./m31.ts";
import { mnemolite } from "./mnemolite.ts";
import { myrag } from "./myrag.ts";
import { ragEvents } from "./rag-events.ts";
import type { System } from "./system.ts";

export type { System } from "./system.ts";

/** The named systems. `ragdock:system` chooses one. */
export const systems = {
  full,
  myrag,
  m31,
  "rag-events": ragEvents,
  financerag,
  mnemolite,
} satisfies Record<string, System>;

export type SystemName = keyof typeof systems;
