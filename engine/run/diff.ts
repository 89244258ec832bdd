import { differences, matches, type PropertyDiff } from "../pulumi/paths.ts";
import type { Registration } from "../pulumi/registration.ts";
import { equal, type Properties, withSecrets } from "../pulumi/values.ts";
import type { Change } from "../terraform/operations.ts";
import type { ResourceState } from "./model.ts";
import type { Op } from "./types.ts";

const INIT_ERROR = "#initerror";

/** Whether an entry has no change that the provider must check. */
export function isUnchanged(entry: ResourceState, old: ResourceState): boolean {
  if (old.replan || old.initErrors.length > 0) return false;
  return equal(entry.inputs, old.inputs) && sameProvider(entry, old) && equal(times(entry), times(old));
}

const times = (entry: ResourceState) => ({ ...entry.timeouts });

function sameProvider(entry: ResourceState, old: ResourceState): boolean {
  return (entry.provider ?? "").replace(/::[^:]*$/, "") === (old.provider ?? "").replace(/::[^:]*$/, "");
}

/**
 * Returns the operation that changes `old` into `entry`, and the differences.
 * @param change the provider's plan
 * @param asked whether the run's options request a replacement
 */
export function diff(
  registration: Registration,
  entry: ResourceState,
  old: ResourceState,
  change: Change,
  asked: boolean,
): { op: Op; diff: PropertyDiff[] } {
  const inputDiff = differences(old.inputs, entry.inputs, () => false);
  const changedPaths = [...change.changed, ...inputDiff.map((d) => d.path)].filter((path) =>
    change.changed.some((name) => matches(name, path)),
  );
  const forced = changedPaths.filter((path) =>
    registration.replaceOnChanges.some((pattern) => matches(pattern, path)),
  );
  const remake = old.initErrors.length > 0 && registration.replaceOnChanges.includes(INIT_ERROR);
  const moved = !sameProvider(entry, old);
  const found = describe(old, entry, change, (path) =>
    [...change.replacing, ...forced].some((p) => matches(p, path)),
  );
  if (change.replacing.length > 0 || forced.length > 0 || remake || moved || asked)
    return { op: "replace", diff: found };
  // As in Pulumi, an update clears the errors of a creation even if only the provider's private
  // data changes.
  const op = change.changed.length > 0 || old.initErrors.length > 0 ? "update" : "same";
  return { op, diff: found };
}

/**
 * Returns the inputs that differ. If there are none, returns the outputs that the provider would
 * change.
 */
function describe(
  old: ResourceState,
  entry: ResourceState,
  change: Change,
  replaces: (path: string) => boolean,
): PropertyDiff[] {
  const found = differences(old.inputs, entry.inputs, replaces);
  if (found.length > 0) return found;
  const pick = (from: Properties) =>
    Object.fromEntries(change.changed.map((name) => [name, from[name] ?? null]));
  return differences(pick(old.outputs), pick(withSecrets(change.outputs, entry.inputs, [])), replaces);
}
