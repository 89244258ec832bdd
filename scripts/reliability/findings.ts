import type { Refused } from "./bad-releases.ts";
import type { Changed } from "./changes.ts";
import type { Interrupted } from "./interruptions.ts";

/** Documents acknowledged before, and those of them that are there and ready afterwards. */
export interface Documents {
  readonly acknowledged: number;
  readonly found: number;
}

/** What came of one fault. */
export interface Survived extends Documents {
  readonly name: string;
  readonly promise: string;
  /** From the end of the fault until all is healthy and ready. */
  readonly seconds: number;
  readonly told: string;
}

/** Everything that one run has seen. */
export interface Findings {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly loadBefore: string;
  /** What was asked for. */
  readonly parts: readonly string[];
  readonly loadAfter?: string;
  /** By name, one entry a round. */
  readonly changes: Map<string, readonly Changed[]>;
  readonly refused: Refused[];
  readonly survived: Survived[];
  killed?: Interrupted & Documents & { readonly seconds: number };
  readonly failures: string[];
}
