import { type Target, targetOf } from "./target.ts";

/**
 * The creation time of each volume of a stack, by full name, as the last deployment recorded it.
 */
export type RecordedVolumes = Readonly<Record<string, string>>;

/**
 * The recorded volumes in the outputs of a stack. Those of another target are not where the stack
 * runs now, so nothing is known about them.
 */
export const recordedVolumes = (
  outputs: { readonly target?: unknown; readonly volumes?: unknown },
  target: Target,
): RecordedVolumes =>
  targetOf(outputs.target) === target ? ((outputs.volumes ?? {}) as RecordedVolumes) : {};
