import type { Registration } from "../pulumi/registration.ts";
import { nameOf } from "../pulumi/urn.ts";
import { equal, UNKNOWN_VALUE } from "../pulumi/values.ts";
import { isProviderType, type ResourceType } from "../terraform/packages.ts";
import { deleteEntries } from "./deletion.ts";
import type { Deployment } from "./deployment.ts";
import type { ResourceState } from "./model.ts";
import { isTarget } from "./targets.ts";

/**
 * Whether the old resource is deleted before the new one is created. The program's choice overrides
 * the provider's.
 */
export function deletesFirst(
  registration: Registration,
  type: ResourceType,
  entry: ResourceState,
  old: ResourceState,
): boolean {
  if (registration.deleteBeforeReplace !== undefined) return registration.deleteBeforeReplace;
  if (type.deleteFirst) return true;
  // Two resources cannot have the same explicit name at once.
  return type.autoName === true && !entry.autoNamed && equal(entry.inputs.name, old.inputs.name);
}

/**
 * Deletes a resource before its replacement, together with all dependents that must be replaced
 * too.
 */
export async function deleteForReplacement(deployment: Deployment, old: ResourceState): Promise<void> {
  const affected = await dependentsToReplace(deployment, old);
  const guarded = affected.find((entry) => entry.protect);
  if (guarded) {
    throw new Error(
      `cannot be replaced, because "${nameOf(guarded.urn)}", which depends on it and would be replaced too, is protected`,
    );
  }
  const outside = affected.find(({ type, urn }) => !isTarget(deployment.options.targets, type, nameOf(urn)));
  if (outside) {
    throw new Error(
      `cannot be replaced, because "${nameOf(outside.urn)}", which depends on it and would be replaced too, is not a target of this run`,
    );
  }
  const all = await deleteEntries(deployment, [old, ...affected], "await-replacement", () => false);
  if (!all)
    throw new Error(
      "was not replaced, because the old resource or one of its dependents could not be deleted",
    );
}

/**
 * Returns the dependents that must be replaced too. Asks the provider, with the outputs of the
 * replaced resource unknown.
 */
async function dependentsToReplace(deployment: Deployment, root: ResourceState): Promise<ResourceState[]> {
  const replaced = new Set([root.urn]);
  const affected: ResourceState[] = [];
  for (const urn of replaced) {
    for (const entry of deployment.store.resources.dependents(urn)) {
      if (replaced.has(entry.urn) || !isCandidate(deployment, entry)) continue;
      const properties = Object.entries(entry.propertyDependencies)
        .filter(([, urns]) => urns.some((other) => replaced.has(other)))
        .map(([property]) => property);
      if (properties.length === 0 || !(await wouldReplace(deployment, entry, properties))) continue;
      // The loop over `replaced` visits this entry too.
      replaced.add(entry.urn);
      affected.push(entry);
    }
  }
  return affected;
}

function isCandidate(deployment: Deployment, entry: ResourceState): boolean {
  if (!entry.custom || !entry.tf || isProviderType(entry.type)) return false;
  // A resource that has already registered in this run does not depend on the replaced one.
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
