import type { Context, Draft } from "../services/draft.ts";
import { full } from "./full.ts";

/** The named systems: `ragdock:system` chooses one. */
export const systems = { full } satisfies Record<string, (ctx: Context) => Draft[]>;

export type SystemName = keyof typeof systems;
