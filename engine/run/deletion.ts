import { isProviderType } from "../terraform/packages.ts";
import { type Deployment, deleteOp } from "./deployment.ts";
import type { ResourceState } from "./model.ts";
import { dependenciesOf } from "./resources.ts";

/**
 * The change of the state after a deletion: it removes the entry, or records that the replacement
 * must still be created.
 */
export type Afterwards = "forget" | "await-replacement";

/**
 * Deletes entries: dependents before their dependencies, and independent entries at the same time.
 * An entry stays if a dependent could not be deleted. Returns whether all entries were deleted.
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
    await awaitReplacement(deployment, entry);
    return true;
  }
  deployment.store.resources.drop(entry);
  await deployment.store.flush();
  // This deletion is part of a replacement, which already counts as one step.
  if (entry.pendingDelete || entry.pendingReplacement) report.partDone(entry.urn, op);
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
    // The state changes before the record of the operation is removed from it.
    if (afterwards === "await-replacement") await awaitReplacement(deployment, entry);
    else deployment.store.resources.drop(entry);
  });
}

async function awaitReplacement({ store }: Deployment, entry: ResourceState): Promise<void> {
  entry.pendingReplacement = true;
  store.resources.touch(entry);
  await store.flush();
}

/** Returns the dependents of each entry, without edges that would close a cycle. */
function dependents(entries: readonly ResourceState[]): Map<ResourceState, ResourceState[]> {
  const all = new Map(entries.map((entry) => [entry, [] as ResourceState[]]));
  const byUrn = Map.groupBy(entries, (entry) => entry.urn);
  for (const entry of entries) {
    for (const urn of dependenciesOf(entry)) {
      for (const other of byUrn.get(urn) ?? []) all.get(other)?.push(entry);
    }
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

/**
 * Returns the entries that a successful run deletes at its end: those that the program no longer
 * declares, and replaced ones.
 */
export function leftovers(deployment: Deployment): ResourceState[] {
  const resources = deployment.store.resources.all();
  return resources.filter((entry) => entry.pendingDelete || !deployment.seen.has(entry.urn));
}
