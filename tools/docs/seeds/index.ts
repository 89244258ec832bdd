import { financerag } from "./financerag.ts";
import { m31 } from "./m31.ts";
import { mnemolite } from "./mnemolite.ts";
import { myrag } from "./myrag.ts";
import { ragEvents } from "./rag-events.ts";
import type { Seed } from "./row.ts";

/** The five documents that Ragdock implements, line by line. */
export const seeds: readonly Seed[] = [myrag, m31, ragEvents, financerag, mnemolite];
