import { full } from "./full.ts";
import type { System } from "./system.ts";

/** The named systems: `ragdock:system` chooses one. */
export const systems = { full } satisfies Record<string, System>;

export type SystemName = keyof typeof systems;
