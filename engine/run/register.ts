import { differences } from "../pulumi/paths.ts";
import type { Registered, Registration } from "../pulumi/registration.ts";
import { makeUrn } from "../pulumi/urn.ts";
import { equal } from "../pulumi/values.ts";
import { isProviderType, packageOf, requireVersion } from "../terraform/packages.ts";
import { registerCustom, StepError } from "./custom.ts";
import { type Deployment, newEntry } from "./deployment.ts";
import type { ResourceState } from "./model.ts";
import { isTarget } from "./targets.ts";

/**
 * Registers one resource. Reports a failure, and returns it so that the program stops the
 * resource's dependents.
 */
export async function register(deployment: Deployment, registration: Registration): Promise<Registered> {
  const { stack, project } = deployment.options;
  let urn = makeUrn(stack, project, registration.parent, registration.type, registration.name);
  let old: ResourceState | undefined;
  try {
    if (registration.refusal) throw new Error(registration.refusal);
    if (registration.custom) requireVersion(registration.type, registration.version);
    ({ urn, old } = deployment.identify(registration));
    if (!isTargeted(deployment, registration)) return notTargeted(urn, old);
    const entry = await one(deployment, registration, urn, old);
    return { urn, id: entry.id ?? "", outputs: entry.outputs, failed: false };
  } catch (error) {
    const op = error instanceof StepError ? error.op : old ? "update" : "create";
    deployment.report.failed(urn, op, (error as Error).message);
    return { urn, id: "", outputs: {}, failed: true };
  }
}

/** Whether the run may change this resource. */
function isTargeted({ options }: Deployment, { custom, type, name }: Registration): boolean {
  return !custom || isProviderType(type) || isTarget(options.targets, type, name);
}

/**
 * Registers a resource that this run does not change. If it does not exist, its outputs are
 * unknown, as in a preview.
 */
const notTargeted = (urn: string, old: ResourceState | undefined): Registered => ({
  urn,
  id: old?.id ?? "",
  outputs: old?.outputs ?? {},
  failed: false,
  unknown: old === undefined,
});

async function one(
  deployment: Deployment,
  registration: Registration,
  urn: string,
  old: ResourceState | undefined,
): Promise<ResourceState> {
  if (!registration.custom) return registerComponent(deployment, registration, urn, old);
  if (isProviderType(registration.type)) return registerProvider(deployment, registration, urn, old);
  return registerCustom(deployment, registration, urn, old);
}

function registerComponent(
  deployment: Deployment,
  registration: Registration,
  urn: string,
  old: ResourceState | undefined,
): ResourceState {
  // A component has no provider. Its outputs arrive later, with registerOutputs.
  const entry = { ...newEntry(urn, registration), outputs: old?.outputs ?? {} };
  deployment.report.done(urn, old ? "same" : "create");
  return deployment.store.resources.keep(entry, old);
}

function registerProvider(
  deployment: Deployment,
  registration: Registration,
  urn: string,
  old: ResourceState | undefined,
): ResourceState {
  packageOf(registration.type);
  const entry = { ...newEntry(urn, registration), ...(old?.id ? { id: old.id } : {}) };
  const diff = differences(old?.inputs ?? {}, entry.inputs, () => false);
  const op = !old ? "create" : equal(old.inputs, entry.inputs) ? "same" : "update";
  deployment.report.done(urn, op, diff);
  return deployment.store.resources.keep(entry, old);
}
