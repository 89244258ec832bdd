import { type Deployment, deleteOp, standsOn } from "./deployment.ts";
import { isProviderType } from "./packages.ts";
import type { ResourceState } from "./state.ts";

/** How a deletion ends: forgotten, or remembered as waiting for its replacement. */
export type Afterwards = "forget" | "await-replacement";

/**
 * Deletes entries, whatever stands on another before it, and independent ones at the same time.
 * What stands under something that could not be deleted is left alone. Returns whether all went.
 */
export async function deleteEntries(
  deployment: Deployment,
  entries: readonly ResourceState[],
  afterwards: Afterwards,
  stopped: () => boolean,
): Promise<boolean> {
  const order = dependents(entries);
  const urns = new Set(entries.map((entry) => entry.urn));
  const running = new Map<ResourceState, Promise<boolean>>();
  const run = (entry: ResourceState): Promise<boolean> => {
    let promise = running.get(entry);
    if (!promise) {
      promise = Promise.all((order.get(entry) ?? []).map(run)).then(async (above) => {
        if (above.includes(false) || stopped()) return false;
        return deleteOne(deployment, entry, afterwards, urns);
      });
      running.set(entry, promise);
    }
    return promise;
  };
  return (await Promise.all(entries.map(run))).every(Boolean);
}

async function deleteOne(
  deployment: Deployment,
  entry: ResourceState,
  afterwards: Afterwards,
  urns: ReadonlySet<string>,
): Promise<boolean> {
  const { report } = deployment;
  const op = deleteOp(entry);
  try {
    const goesWithAnother = entry.deletedWith !== undefined && urns.has(entry.deletedWith);
    if (op === "delete" && !goesWithAnother && entry.tf && !entry.pendingReplacement) {
      await deployment.slot(() => removeReal(deployment, entry, afterwards));
    }
  } catch (error) {
    report.failed(entry.urn, op, (error as Error).message);
    return false;
  }
  if (afterwards === "await-replacement") {
    entry.pendingReplacement = true;
    deployment.store.save();
    return true;
  }
  deployment.drop(entry);
  // The other half of a replacement, which is already counted as one; or a creation that never came about.
  if (entry.pendingDelete || entry.pendingReplacement) report.aside(entry.urn, op);
  else report.done(entry.urn, op);
  return true;
}

async function removeReal(
  deployment: Deployment,
  entry: ResourceState,
  afterwards: Afterwards,
): Promise<void> {
  const { options, operations, report } = deployment;
  const tf = entry.tf;
  if (options.dryRun || !tf || isProviderType(entry.type)) return;
  report.start(entry.urn, afterwards === "forget" ? "delete" : "replace");
  const { urn, type, provider } = entry;
  await deployment.recorded({ op: "delete", urn, type, ...(provider ? { provider } : {}) }, async () => {
    const error = await operations.remove(deployment.target(entry), tf);
    if (error) throw new Error(error);
    // Gone for certain: remembered before the operation is struck out.
    if (afterwards === "await-replacement") entry.pendingReplacement = true;
    else deployment.drop(entry);
  });
}

/** For each entry, those that stand on it; edges that would close a circle are left out. */
function dependents(entries: readonly ResourceState[]): Map<ResourceState, ResourceState[]> {
  const all = new Map(entries.map((entry) => [entry, [] as ResourceState[]]));
  for (const entry of entries) {
    const under = standsOn(entry);
    for (const other of entries) if (under.has(other.urn)) all.get(other)?.push(entry);
  }
  const finished = new Set<ResourceState>();
  const onPath = new Set<ResourceState>();
  const visit = (entry: ResourceState): void => {
    onPath.add(entry);
    const edges = (all.get(entry) ?? []).filter((next) => !onPath.has(next));
    all.set(entry, edges);
    for (const next of edges) if (!finished.has(next)) visit(next);
    onPath.delete(entry);
    finished.add(entry);
  };
  for (const entry of entries) if (!finished.has(entry)) visit(entry);
  return all;
}

/** What goes at the end of a run that succeeded: what the program no longer declares, and what was replaced. */
export function leftovers(deployment: Deployment): ResourceState[] {
  const { resources } = deployment.store.state;
  return resources.filter((entry) => entry.pendingDelete || !deployment.seen.has(entry.urn));
}
