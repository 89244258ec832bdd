import { differences, ignoreChanges, type PropertyDiff } from "../pulumi/paths.ts";
import type { Registration } from "../pulumi/registration.ts";
import { autoName, nameOf } from "../pulumi/urn.ts";
import { type Properties, withSecrets } from "../pulumi/values.ts";
import type { Change, Outcome } from "../terraform/operations.ts";
import { type ResourceType, resourceType } from "../terraform/packages.ts";
import { type Deployment, newEntry } from "./deployment.ts";
import { diff as diffOf, isUnchanged } from "./diff.ts";
import type { ResourceState } from "./model.ts";
import { deleteForReplacement, deletesFirst } from "./replacement.ts";
import type { Op } from "./types.ts";

/** Creates, updates, replaces or keeps one resource. Its provider decides which. */
export async function registerCustom(
  deployment: Deployment,
  registration: Registration,
  urn: string,
  old: ResourceState | undefined,
): Promise<ResourceState> {
  const type = resourceType(registration.type);
  const entry = newEntry(urn, registration);
  if (old) entry.inputs = ignoreChanges(registration.inputs, old.inputs, registration.ignoreChanges);
  const work: Work = { deployment, registration, type, entry };
  if (!old) return attempt("create", () => create(work, "create", []));
  if (old.pendingReplacement) {
    const diff = differences(old.inputs, entry.inputs, () => true);
    return attempt("replace", () => create(work, "replace", diff, old));
  }
  setName(work, old);
  const asked = deployment.options.replace?.includes(nameOf(urn)) ?? false;
  if (isUnchanged(entry, old) && !asked) return keep(work, old);
  const change = await deployment.slot(() => plan(work, old));
  const { op, diff } = diffOf(registration, entry, old, change, asked);
  if (op === "same") return keep(work, old);
  return attempt(op, () => (op === "replace" ? replace(work, old, diff) : update(work, old, change, diff)));
}

/** An error, with the operation that failed. */
export class StepError extends Error {
  readonly op: Op;

  constructor(op: Op, message: string) {
    super(message);
    this.op = op;
  }
}

async function attempt<T>(op: Op, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new StepError(op, (error as Error).message);
  }
}

interface Work {
  readonly deployment: Deployment;
  readonly registration: Registration;
  readonly type: ResourceType;
  readonly entry: ResourceState;
}

function setName({ deployment, type, entry }: Work, old: ResourceState | undefined): void {
  if (!type.autoName || (entry.inputs.name ?? null) !== null) return;
  const kept = old?.autoNamed ? old.inputs.name : deployment.store.keptName(entry.urn);
  entry.inputs = { ...entry.inputs, name: kept ?? autoName(entry.urn) };
  entry.autoNamed = true;
}

async function plan({ deployment, registration, entry }: Work, old: ResourceState): Promise<Change> {
  const target = deployment.target(entry);
  return deployment.operations.plan(target, entry.inputs, old.tf, registration.ignoreChanges);
}

function keep({ deployment, registration, entry }: Work, old: ResourceState): ResourceState {
  const { id, tf, initErrors } = old;
  const outputs = withSecrets(old.outputs, entry.inputs, registration.additionalSecretOutputs);
  const kept = { ...entry, ...(id ? { id } : {}), ...(tf ? { tf } : {}), outputs, initErrors };
  kept.autoNamed = entry.autoNamed || old.autoNamed;
  deployment.report.done(entry.urn, "same");
  return deployment.store.resources.keep(kept, old);
}

async function create(
  work: Work,
  op: "create" | "replace",
  diff: PropertyDiff[],
  old?: ResourceState,
): Promise<ResourceState> {
  const { deployment, entry } = work;
  setName(work, undefined);
  const adds = op === "create" ? differences({}, entry.inputs, () => false) : diff;
  const { urn, type, provider, inputs } = entry;
  const name = typeof inputs.name === "string" ? { name: inputs.name } : {};
  const record = { op: "create", urn, type, ...name, ...(provider ? { provider } : {}) } as const;
  return inSlot(work, () =>
    perform(work, op, adds, record, async (target) => {
      const change = await deployment.operations.plan(target, entry.inputs);
      if (deployment.options.dryRun) return { change, placed: () => place(deployment, entry, old) };
      const outcome = await deployment.operations.apply(target, change);
      return { change, outcome, placed: () => place(deployment, entry, old) };
    }),
  );
}

/**
 * Creates a resource in one of the parallel slots. While it waits for its health, it uses no slot,
 * so it does not delay other resources.
 */
function inSlot<T>({ deployment, type, entry }: Work, work: () => Promise<T>): Promise<T> {
  const waits = type.waitsWith !== undefined && entry.inputs[type.waitsWith] === true;
  return waits && !deployment.options.dryRun ? work() : deployment.slot(work);
}

function place(deployment: Deployment, entry: ResourceState, old: ResourceState | undefined): void {
  const { store } = deployment;
  store.keepName(entry.urn, undefined);
  // The old resource stays in the state until the end of the run deletes it.
  if (old && !old.pendingReplacement) {
    old.pendingDelete = true;
    store.resources.touch(old);
    store.resources.put(entry);
  } else {
    store.resources.put(entry, old);
  }
}

async function update(
  work: Work,
  old: ResourceState,
  change: Change,
  diff: PropertyDiff[],
): Promise<ResourceState> {
  const { deployment, entry } = work;
  const { urn, type, provider } = entry;
  const record = { op: "update", urn, type, ...(provider ? { provider } : {}) } as const;
  return deployment.slot(() =>
    perform(work, "update", diff, record, async (target) => {
      const placed = () => deployment.store.resources.put(entry, old);
      if (deployment.options.dryRun) return { change, placed };
      const nothing = change.changed.length === 0 && old.tf;
      const outcome: Outcome = nothing
        ? {
            tf: old.tf as NonNullable<typeof old.tf>,
            outputs: old.outputs,
            ...(old.id ? { id: old.id } : {}),
          }
        : await deployment.operations.apply(target, change, old.tf);
      return { change, outcome, placed };
    }),
  );
}

async function replace(work: Work, old: ResourceState, diff: PropertyDiff[]): Promise<ResourceState> {
  const { deployment, registration, type, entry } = work;
  if (old.protect && registration.protect) {
    throw new Error(
      "must be replaced, but is protected: remove `protect` from the program, then run it again",
    );
  }
  if (deletesFirst(registration, type, entry, old)) await deleteForReplacement(deployment, old);
  if (entry.autoNamed) {
    entry.inputs = { ...entry.inputs, name: null };
    entry.autoNamed = false;
  }
  return create(work, "replace", diff, old);
}

interface Performed {
  readonly change: Change;
  /** Absent in a preview. */
  readonly outcome?: Outcome;
  placed(): void;
}

async function perform(
  { deployment, registration, entry }: Work,
  op: Op,
  diff: PropertyDiff[],
  record: Parameters<Deployment["recorded"]>[0],
  work: (target: ReturnType<Deployment["target"]>) => Promise<Performed>,
): Promise<ResourceState> {
  const { report, operations, options } = deployment;
  const target = deployment.target(entry);
  const settle = (outputs: Properties) =>
    withSecrets(outputs, entry.inputs, registration.additionalSecretOutputs);
  if (options.dryRun) {
    const { change, placed } = await work(target);
    entry.outputs = settle(change.outputs);
    if (typeof change.outputs.id === "string") entry.id = change.outputs.id;
    placed();
    report.done(entry.urn, op, diff);
    return entry;
  }
  report.start(entry.urn, op);
  await deployment.recorded(record, async () => {
    const { outcome = {}, placed } = await work(target);
    if (!outcome.tf) throw new Error(outcome.error ?? "the provider reported no created resource");
    entry.tf = outcome.tf;
    entry.id = outcome.id ?? "";
    entry.outputs = settle(outcome.outputs ?? {});
    entry.initErrors = outcome.error ? [outcome.error] : [];
    if (!outcome.error) entry.replan = await operations.hasPerpetualDiff(target, entry.inputs, outcome.tf);
    placed();
    if (outcome.error) throw new Error(outcome.error);
  });
  report.done(entry.urn, op, diff);
  return entry;
}
