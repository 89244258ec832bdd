import { deleteEntries } from "./deletion.ts";
import type { Deployment } from "./deployment.ts";
import { isProviderType, type ResourceType } from "./packages.ts";
import type { Registration } from "./registration.ts";
import type { ResourceState } from "./state.ts";
import { nameOf } from "./urn.ts";
import { equal, UNKNOWN_VALUE } from "./values.ts";

/** Whether the old one goes before the new one comes: the program's word, else the provider's habit. */
export function deletesFirst(
  registration: Registration,
  type: ResourceType,
  entry: ResourceState,
  old: ResourceState,
): boolean {
  if (registration.deleteBeforeReplace !== undefined) return registration.deleteBeforeReplace;
  if (type.deleteFirst) return true;
  // Two resources cannot bear one explicit name at the same time.
  return type.autoName === true && !entry.autoNamed && equal(entry.inputs.name, old.inputs.name);
}

/** Deletes a resource ahead of its replacement, together with all that its replacement will replace in turn. */
export async function deleteForReplacement(deployment: Deployment, old: ResourceState): Promise<void> {
  const affected = await dependentsToReplace(deployment, old);
  const guarded = affected.find((entry) => entry.protect);
  if (guarded) {
    throw new Error(
      `cannot be replaced, because "${nameOf(guarded.urn)}", which depends on it and would be replaced too, is protected`,
    );
  }
  const all = await deleteEntries(deployment, [old, ...affected], "await-replacement", () => false);
  if (!all)
    throw new Error("was not replaced, because the old one, or one that depends on it, could not be deleted");
}

/** The resources whose own replacement follows from one's: the provider is asked with the outcome left unknown. */
async function dependentsToReplace(deployment: Deployment, root: ResourceState): Promise<ResourceState[]> {
  const replaced = new Set([root.urn]);
  const affected: ResourceState[] = [];
  for (let again = true; again; ) {
    again = false;
    for (const entry of deployment.store.state.resources) {
      if (replaced.has(entry.urn) || !isCandidate(deployment, entry)) continue;
      const properties = Object.entries(entry.propertyDependencies)
        .filter(([, urns]) => urns.some((urn) => replaced.has(urn)))
        .map(([property]) => property);
      if (properties.length === 0 || !(await wouldReplace(deployment, entry, properties))) continue;
      replaced.add(entry.urn);
      affected.push(entry);
      again = true;
    }
  }
  return affected;
}

function isCandidate(deployment: Deployment, entry: ResourceState): boolean {
  if (!entry.custom || !entry.tf || isProviderType(entry.type)) return false;
  // What has registered in this run has had its say: it does not wait for the one being replaced.
  return !entry.pendingDelete && !entry.pendingReplacement && !deployment.seen.has(entry.urn);
}

async function wouldReplace(
  deployment: Deployment,
  entry: ResourceState,
  properties: readonly string[],
): Promise<boolean> {
  const inputs = { ...entry.inputs };
  for (const property of properties) inputs[property] = UNKNOWN_VALUE;
  const change = await deployment.operations.plan(deployment.target(entry), inputs, entry.tf);
  return change.replacing.length > 0;
}
