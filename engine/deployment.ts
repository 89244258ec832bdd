import { randomBytes, randomUUID } from "node:crypto";
import { Operations, type Target } from "./operations.ts";
import { isProviderType } from "./packages.ts";
import type { ProviderPool } from "./pool.ts";
import type { Registration } from "./registration.ts";
import type { Report } from "./report.ts";
import type { PendingOperation, ResourceState, StateStore } from "./state.ts";
import type { Op } from "./types.ts";
import { aliasUrns, makeUrn, nameOf } from "./urn.ts";
import type { Properties } from "./values.ts";

/** The names under which a run knows its stack, and how it runs. */
export interface DeploymentOptions {
  readonly project: string;
  readonly stack: string;
  readonly dryRun: boolean;
  readonly parallel: number;
  /** The daemon of the default docker provider, where the stack's config names one. */
  readonly dockerHost: string | undefined;
  /** Names of resources to replace whatever their inputs say. */
  readonly replace?: readonly string[];
  /** Types of the resources to work on. */
  readonly targets?: readonly string[];
}

/** One run over one stack: its state, its providers, and who has registered so far. */
export class Deployment {
  readonly options: DeploymentOptions;
  readonly store: StateStore;
  readonly operations: Operations;
  readonly report: Report;
  /** The URNs registered in this run. */
  readonly seen = new Set<string>();
  /** The former URNs of what registered in this run. */
  readonly #aliases = new Map<string, string[]>();
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(options: DeploymentOptions, store: StateStore, pool: ProviderPool, report: Report) {
    this.options = options;
    this.store = store;
    this.operations = new Operations(pool);
    this.report = report;
    this.#free = options.parallel;
  }

  /** Gives a registration its URN, and finds what the state knows of it, under a former name if need be. */
  identify(registration: Registration): { urn: string; old: ResourceState | undefined } {
    const { stack, project } = this.options;
    const { type, name, parent } = registration;
    const urn = makeUrn(stack, project, parent, type, name);
    if (this.seen.has(urn))
      throw new Error(`a resource of type ${type} named "${name}" is declared twice: rename one`);
    const parentAliases = (parent && this.#aliases.get(parent)) || [];
    const aliases = aliasUrns({ stack, project, type, name, parent, parentAliases }, registration.aliases);
    this.seen.add(urn);
    this.#aliases.set(urn, aliases);
    const found = [urn, ...aliases]
      .map((candidate) => this.find(candidate))
      .find((entry) => entry !== undefined);
    if (found && found.urn !== urn) this.#rename(found.urn, urn);
    return { urn, old: found };
  }

  /** The living entry of a URN: not one that a replacement has already taken the place of. */
  find(urn: string): ResourceState | undefined {
    return this.store.state.resources.find((entry) => entry.urn === urn && !entry.pendingDelete);
  }

  /** Puts an entry in the place of another, or at the end; entries stand in the order of their making. */
  put(entry: ResourceState, old?: ResourceState): void {
    const { resources } = this.store.state;
    const index = old ? resources.indexOf(old) : -1;
    if (index < 0) resources.push(entry);
    else resources[index] = entry;
    this.store.save();
  }

  drop(entry: ResourceState): void {
    this.store.state.resources = this.store.state.resources.filter((other) => other !== entry);
    this.store.save();
  }

  /** The inputs of the explicit provider that a resource names, if it names one. */
  providerInputs(reference: string | undefined): Properties | undefined {
    if (!reference) return undefined;
    return this.find(providerUrn(reference))?.inputs;
  }

  /** What the provider needs to know to work on an entry of the state. */
  target(entry: Pick<ResourceState, "type" | "provider" | "timeouts">): Target {
    return { type: entry.type, provider: this.providerInputs(entry.provider), timeouts: entry.timeouts };
  }

  /** Runs provider work when one of the parallel slots is free. */
  async slot<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free--;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  /** Writes an operation down, does it, and strikes it out once its result is in the state. */
  async recorded<T>(operation: Omit<PendingOperation, "started">, work: () => Promise<T>): Promise<T> {
    const { state } = this.store;
    const pending: PendingOperation = { ...operation, started: Date.now() };
    state.pending.push(pending);
    this.store.save();
    try {
      return await work();
    } finally {
      state.pending = state.pending.filter((other) => other !== pending);
      this.store.save();
    }
  }

  #rename(from: string, to: string): void {
    const rename = (urn: string) => (urn === from ? to : urn);
    for (const entry of this.store.state.resources) {
      entry.urn = rename(entry.urn);
      if (entry.parent) entry.parent = rename(entry.parent);
      if (entry.deletedWith) entry.deletedWith = rename(entry.deletedWith);
      if (entry.provider) entry.provider = entry.provider.replace(`${from}::`, `${to}::`);
      entry.dependencies = entry.dependencies.map(rename);
      for (const [key, urns] of Object.entries(entry.propertyDependencies)) {
        entry.propertyDependencies[key] = urns.map(rename);
      }
    }
  }
}

/** The URN in a provider reference, which is `urn::id`. */
export function providerUrn(reference: string): string {
  return reference.slice(0, reference.lastIndexOf("::"));
}

/** The made-up name of a resource that was given none: its logical name and seven hexadecimal digits. */
export function autoName(urn: string): string {
  return `${nameOf(urn)}-${randomBytes(4).toString("hex").slice(0, 7)}`;
}

/** The entry that a registration asks for, before any provider has worked on it. */
export function newEntry(urn: string, registration: Registration): ResourceState {
  const { type, custom, parent, provider, deletedWith, timeouts } = registration;
  return {
    urn,
    type,
    custom,
    ...(parent ? { parent } : {}),
    ...(provider ? { provider } : {}),
    ...(deletedWith ? { deletedWith } : {}),
    ...(timeouts ? { timeouts } : {}),
    ...(isProviderType(type) ? { id: randomUUID() } : {}),
    inputs: registration.inputs,
    outputs: registration.inputs,
    dependencies: registration.dependencies,
    propertyDependencies: registration.propertyDependencies,
    protect: registration.protect,
    retainOnDelete: registration.retainOnDelete,
    autoNamed: false,
    initErrors: [],
    replan: false,
    pendingDelete: false,
    pendingReplacement: false,
  };
}

/** Everything an entry stands on: what must be made before it, and deleted after it. */
export function standsOn(entry: ResourceState): Set<string> {
  const urns = [...entry.dependencies, ...Object.values(entry.propertyDependencies).flat()];
  if (entry.parent) urns.push(entry.parent);
  if (entry.provider) urns.push(providerUrn(entry.provider));
  if (entry.deletedWith) urns.push(entry.deletedWith);
  return new Set(urns.filter((urn) => urn !== entry.urn));
}

/** How a step on an existing entry is called. */
export const deleteOp = (entry: ResourceState): Op =>
  entry.retainOnDelete && entry.custom ? "retain" : "delete";
