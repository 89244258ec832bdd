import type { ResourceState } from "./model.ts";
import type { Change } from "./operations.ts";
import { differences, matches } from "./paths.ts";
import type { Registration } from "./registration.ts";
import type { Op, PropertyDiff } from "./types.ts";
import { equal, type Properties, withSecrets } from "./values.ts";

const INIT_ERROR = "#initerror";

/** Whether nothing a provider would have to look at has changed. */
export function isUnchanged(entry: ResourceState, old: ResourceState): boolean {
  if (old.replan || old.initErrors.length > 0) return false;
  return equal(entry.inputs, old.inputs) && sameProvider(entry, old) && equal(times(entry), times(old));
}

const times = (entry: ResourceState) => ({ ...entry.timeouts });

function sameProvider(entry: ResourceState, old: ResourceState): boolean {
  return (entry.provider ?? "").replace(/::[^:]*$/, "") === (old.provider ?? "").replace(/::[^:]*$/, "");
}

/**
 * What has to be done so that `old` becomes `entry`, and what differs.
 * @param change what the provider would do
 * @param asked whether the run was told to replace it
 */
export function judge(
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
  const diff = describe(old, entry, change, (path) =>
    [...change.replacing, ...forced].some((p) => matches(p, path)),
  );
  if (change.replacing.length > 0 || forced.length > 0 || remake || moved || asked)
    return { op: "replace", diff };
  // A change of nothing but the provider's own bookkeeping still clears what went wrong at creation, as in Pulumi.
  return { op: change.changed.length > 0 || old.initErrors.length > 0 ? "update" : "same", diff };
}

/** The inputs that differ; where none does, what drifted away from them. */
function describe(
  old: ResourceState,
  entry: ResourceState,
  change: Change,
  replaces: (path: string) => boolean,
): PropertyDiff[] {
  const diff = differences(old.inputs, entry.inputs, replaces);
  if (diff.length > 0) return diff;
  const pick = (from: Properties) =>
    Object.fromEntries(change.changed.map((name) => [name, from[name] ?? null]));
  return differences(pick(old.outputs), pick(withSecrets(change.outputs, entry.inputs, [])), replaces);
}
