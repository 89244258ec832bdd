import { isProviderType } from "../terraform/packages.ts";
import { type Deployment, deleteOp } from "./deployment.ts";
import type { ResourceState } from "./model.ts";
import { dependenciesOf } from "./resources.ts";

/** How a deletion ends: the state forgets the entry, or records that its replacement is still to come. */
export type Afterwards = "forget" | "await-replacement";

/**
 * Deletes entries: dependents before what they depend on, and independent ones at the same time.
 * Leaves alone what something depends on that could not be deleted. Returns whether all were deleted.
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
  // One half of a replacement, which is counted as one step already.
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
    // In the state before the operation is struck out.
    if (afterwards === "await-replacement") await awaitReplacement(deployment, entry);
    else deployment.store.resources.drop(entry);
  });
}

async function awaitReplacement({ store }: Deployment, entry: ResourceState): Promise<void> {
  entry.pendingReplacement = true;
  store.resources.touch(entry);
  await store.flush();
}

/** For each entry, those that depend on it; edges that would close a circle are left out. */
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

/** What the end of a successful run deletes: what the program no longer declares, and what was replaced. */
export function leftovers(deployment: Deployment): ResourceState[] {
  const resources = deployment.store.resources.all();
  return resources.filter((entry) => entry.pendingDelete || !deployment.seen.has(entry.urn));
}
