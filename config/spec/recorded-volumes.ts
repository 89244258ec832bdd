import { type Target, targetOf } from "./target.ts";

/**
 * The creation time of each volume of a stack, by full name, as the last deployment recorded it.
 */
export type RecordedVolumes = Readonly<Record<string, string>>;

/** Outputs of a stack that say which volumes it has, and where. */
export interface Outputs {
  readonly target?: unknown;
  readonly volumes?: unknown;
}

/**
 * The recorded volumes in the outputs of a stack. Those of another target are not where the stack
 * runs now, so nothing is known about them.
 */
export const recordedVolumes = (outputs: Outputs, target: Target): RecordedVolumes =>
  targetOf(outputs.target) === target ? ((outputs.volumes ?? {}) as RecordedVolumes) : {};
