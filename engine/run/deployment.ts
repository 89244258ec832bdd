import { randomUUID } from "node:crypto";
import type { Registration } from "../pulumi/registration.ts";
import { aliasUrns, makeUrn } from "../pulumi/urn.ts";
import type { Properties } from "../pulumi/values.ts";
import { Operations, type Target } from "../terraform/operations.ts";
import { isProviderType } from "../terraform/packages.ts";
import type { ProviderPool } from "../terraform/pool.ts";
import type { PendingOperation, ResourceState } from "./model.ts";
import type { Report } from "./report.ts";
import { providerUrn } from "./resources.ts";
import type { StateStore } from "./state.ts";
import type { Op } from "./types.ts";

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

/** One run over one stack: its state, its providers, and what has registered so far. */
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

  /** Gives a registration its URN, and finds its entry in the state, also under a former name. */
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
    const { resources } = this.store;
    const former = [urn, ...aliases].find((candidate) => resources.find(candidate));
    const old = former === undefined ? undefined : resources.find(former);
    if (old && old.urn !== urn) resources.rename(old, urn);
    return { urn, old };
  }

  /** The inputs of the explicit provider that a resource names, if it names one. */
  providerInputs(reference: string | undefined): Properties | undefined {
    if (!reference) return undefined;
    return this.store.resources.find(providerUrn(reference))?.inputs;
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

  /** Does the work of an operation that is durable before, and struck out after its result is in the state. */
  async recorded<T>(operation: Omit<PendingOperation, "started">, work: () => Promise<T>): Promise<T> {
    const number = this.store.begin({ ...operation, started: Date.now() });
    await this.store.flush();
    try {
      return await work();
    } finally {
      this.store.end(number);
      await this.store.flush();
    }
  }
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

/** How a step on an existing entry is called. */
export const deleteOp = (entry: ResourceState): Op =>
  entry.retainOnDelete && entry.custom ? "retain" : "delete";
