import { type SystemName, systems } from "../../../config/systems/index.ts";
import type { System } from "../../../config/systems/system.ts";

/** A proof that Ragdock has what a row asks for, or the difference that the system declares. */
export type Proof =
  | { readonly kind: "test"; readonly file: string; readonly name: string }
  | { readonly kind: "steps"; readonly file: string; readonly names: readonly string[] }
  | { readonly kind: "file"; readonly file: string; readonly has?: string }
  | { readonly kind: "declared"; readonly system: SystemName; readonly start: string }
  | { readonly kind: "open"; readonly missing: string };

/**
 * `yes`: Ragdock has it. `declared`: it differs, and the system explains why. `open`: something is
 * missing.
 */
export type State = "yes" | "declared" | "open";

/** One row: something that the seed asks for. */
export interface Row {
  /** The lines of the seed. */
  readonly lines: string;
  readonly asked: string;
  readonly proofs: readonly Proof[];
}

/** The rows of the document that a system comes from. */
export interface Seed {
  readonly system: SystemName;
  readonly rows: readonly Row[];
}

export const row = (lines: string, asked: string, ...proofs: readonly Proof[]): Row => ({
  lines,
  asked,
  proofs,
});

/** A test of this name. A name with a parameter is written as in the test's file. */
export const test = (file: string, name: string): Proof => ({ kind: "test", file, name });

/** The tests of these steps of the seed, in the file that has those of this system. */
export const stepsOf =
  (system: SystemName) =>
  (...names: string[]): Proof => ({ kind: "steps", file: `tests/systems/${system}-seed.ts`, names });

/** A file. @param has a text that it contains */
export const file = (path: string, has?: string): Proof => ({
  kind: "file",
  file: path,
  ...(has === undefined ? {} : { has }),
});

/** The difference of this system that starts with these words. */
export const declaredBy =
  (system: SystemName) =>
  (start: string): Proof => ({ kind: "declared", system, start });

export const open = (missing: string): Proof => ({ kind: "open", missing });

/** The differences that a system declares. */
export const differencesOf = (system: SystemName): readonly string[] =>
  (systems[system] as System).differs ?? [];

export function stateOf({ proofs }: Row): State {
  if (proofs.some(({ kind }) => kind === "open")) return "open";
  return proofs.some(({ kind }) => kind === "declared") ? "declared" : "yes";
}
