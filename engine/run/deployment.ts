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

/** The stack of a run, and the run's options. */
export interface DeploymentOptions {
  readonly project: string;
  readonly stack: string;
  readonly dryRun: boolean;
  readonly parallel: number;
  /** The Docker host of the default docker provider, if the stack's config sets one. */
  readonly dockerHost: string | undefined;
  /** The environment of the docker CLI. @default the one of this process */
  readonly env?: NodeJS.ProcessEnv;
  /** Names of resources to replace even if their inputs have not changed. */
  readonly replace?: readonly string[];
  /** The resources that the run may change: each a type, or `type::name`. */
  readonly targets?: readonly string[];
}

/** One run of one stack: its state, its providers and the resources that have registered so far. */
export class Deployment {
  readonly options: DeploymentOptions;
  readonly store: StateStore;
  readonly operations: Operations;
  readonly report: Report;
  /** The URNs registered in this run. */
  readonly seen = new Set<string>();
  /** The former URNs of the resources that registered in this run. */
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

  /** Returns the URN of a registration, and its entry in the state, which may have a former name. */
  identify(registration: Registration): { urn: string; old: ResourceState | undefined } {
    const { stack, project } = this.options;
    const { type, name, parent } = registration;
    const urn = makeUrn(stack, project, parent, type, name);
    if (this.seen.has(urn))
      throw new Error(
        `the program declares two resources of type ${type} named "${name}": rename one of them`,
      );
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

  /** Returns the inputs of a resource's explicit provider, if it has one. */
  providerInputs(reference: string | undefined): Properties | undefined {
    if (!reference) return undefined;
    return this.store.resources.find(providerUrn(reference))?.inputs;
  }

  /** Returns the provider's target for an entry of the state. */
  target(entry: Pick<ResourceState, "type" | "provider" | "timeouts">): Target {
    return { type: entry.type, provider: this.providerInputs(entry.provider), timeouts: entry.timeouts };
  }

  /** Runs provider work as soon as one of the parallel slots is free. */
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

  /**
   * Records an operation durably, does its work, and removes the record once the state contains the
   * result.
   */
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

/** Returns the entry that a registration declares, before a provider has worked on it. */
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

/** Returns the operation that removes an entry. */
export const deleteOp = (entry: ResourceState): Op =>
  entry.retainOnDelete && entry.custom ? "retain" : "delete";
