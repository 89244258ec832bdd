import type { ServiceKind } from "./kinds.ts";
import type { ComposeService } from "./read.ts";
import type { Tree } from "./tree.ts";
import type { World } from "./world.ts";

/**
 * The kind of a result for a key: Ragdock takes it as it is, does something better, or does not
 * support it.
 */
export type Outcome = "taken" | "improved" | "unsupported";

/** The result for a key, and an explanation. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly text: string;
  /** Keys below this one that the result does not cover. Each gets its own line. @default none */
  readonly except?: readonly string[];
}

export const taken = (text: string): Verdict => ({ outcome: "taken", text });
export const improved = (text: string): Verdict => ({ outcome: "improved", text });
export const unsupported = (text: string): Verdict => ({ outcome: "unsupported", text });

/** The facts about the service and the whole project that a rule can use. */
export interface Subject {
  readonly service: ComposeService;
  readonly kind: ServiceKind;
  readonly world: World;
}

/** Decides about one key. `name` is its last part. */
export type Rule = (value: Tree, name: string, subject: Subject) => Verdict;

/**
 * Rules by the path of their key. `*` stands for any name and `[]` for each entry of a list. A rule
 * decides about everything below its key.
 */
export type Rules = Readonly<Record<string, Rule>>;

/** A rule with the same verdict for any value. */
export const always =
  (verdict: Verdict): Rule =>
  () =>
    verdict;
