import { parsePath } from "../pulumi/paths.ts";
import type { Timeouts } from "../pulumi/registration.ts";
import type { Properties } from "../pulumi/values.ts";
import { sameBlock, sameValue, type TfObject } from "./cty.ts";
import { withPrior } from "./ignored.ts";
import { resourceType } from "./packages.ts";
import type { Plan, Plugin } from "./plugin.ts";
import type { ProviderPool } from "./pool.ts";
import { proposedState } from "./proposed.ts";
import { type Block, type CtyType, typeOf } from "./schema.ts";
import { fromState, propertyName, toConfig } from "./translate.ts";

/** A resource in its provider's form. */
export interface TfState {
  readonly state: TfObject;
  /** The provider's private data, in base64. */
  readonly private: string;
  readonly version: number;
  /** The key of the provider's build that wrote this state. */
  readonly key: string;
}

/** The resource of an operation, and its provider. */
export interface Target {
  readonly type: string;
  /** The inputs of the explicit provider, if the program sets one. */
  readonly provider: Properties | undefined;
  readonly timeouts: Timeouts | undefined;
}

/** The changes that a provider would make. */
export interface Change {
  readonly config: TfObject;
  readonly plan: Plan;
  /**
   * The properties after the change. Properties that are determined only during the work are
   * unknown.
   */
  readonly outputs: Properties;
  /** The properties that change. */
  readonly changed: readonly string[];
  /** The changed properties that need a replacement. */
  readonly replacing: readonly string[];
}

/** The result of a provider's work. It can contain both an error and a state. */
export interface Outcome {
  readonly tf?: TfState;
  readonly id?: string;
  readonly outputs?: Properties;
  readonly error?: string;
}

/**
 * Creates, updates, reads and deletes resources in Pulumi's terms. The real provider does the work.
 */
export class Operations {
  readonly #pool: ProviderPool;

  constructor(pool: ProviderPool) {
    this.#pool = pool;
  }

  /**
   * Asks the provider for the changes that these inputs need. Without a prior state, it plans a
   * creation. The properties at the paths in `ignored` keep their current values.
   */
  async plan(
    target: Target,
    inputs: Properties,
    prior?: TfState,
    ignored: readonly string[] = [],
  ): Promise<Change> {
    const { plugin, name, block } = await this.#open(target);
    let config = toConfig(block, inputs);
    setTimeouts(block, config, target.timeouts);
    const before = prior ? await this.#current(target, plugin, prior) : null;
    if (before) for (const path of ignored) config = withPrior(block, config, before, parsePath(path));
    await plugin.validate(name, config);
    const proposed = proposedState(block, before, config);
    const plan = await plugin.plan(name, before, proposed, config, secretOf(prior));
    const differs = (attribute: string) => differsIn(block, attribute, before, plan.planned);
    const names = [...block.attributes, ...block.blocks]
      .map((member) => member.name)
      .filter((n) => n !== "timeouts");
    const replacing = plan.requiresReplace.map((steps) => steps[0]?.attribute_name ?? "").filter(differs);
    return {
      config,
      plan,
      outputs: fromState(block, plan.planned),
      changed: names.filter(differs).map((n) => propertyName(block, n)),
      replacing: [...new Set(replacing)].map((n) => propertyName(block, n)),
    };
  }

  /** Applies a plan: an update if there is a prior state, a creation otherwise. */
  async apply(target: Target, change: Change, prior?: TfState): Promise<Outcome> {
    const { plugin, name } = await this.#open(target);
    const before = prior ? await this.#current(target, plugin, prior) : null;
    const applied = await plugin.apply(name, before, change.plan.planned, change.config, change.plan.private);
    return this.#outcome(target, plugin, applied.state, applied.private, applied.error);
  }

  /** Deletes the real resource, with the settings recorded in its state. */
  async remove(target: Target, prior: TfState): Promise<string | undefined> {
    const { plugin, name } = await this.#open(target);
    const before = await this.#current(target, plugin, prior);
    return (await plugin.apply(name, before, null, null, secretOf(prior))).error;
  }

  /** Reads the real resource. The outcome has no state if the resource is gone. */
  async read(target: Target, prior: TfState): Promise<Outcome> {
    const { plugin, name } = await this.#open(target);
    const read = await plugin.read(name, await this.#current(target, plugin, prior), secretOf(prior));
    return this.#outcome(target, plugin, read.state, read.private, undefined);
  }

  /**
   * Whether the provider would change the resource that it has just created or updated. It would then
   * do so in each later run too.
   */
  async hasPerpetualDiff(target: Target, inputs: Properties, made: TfState): Promise<boolean> {
    const change = await this.plan(target, inputs, made).catch(() => undefined);
    return change !== undefined && change.changed.length > 0;
  }

  /** Returns the schema of a target's type. */
  async block(type: string): Promise<Block> {
    return (await this.#pool.schema(type)).block;
  }

  async #open(target: Target): Promise<{ plugin: Plugin; name: string; block: Block }> {
    const plugin = await this.#pool.plugin(target.type, target.provider);
    const block = await this.block(target.type);
    return { plugin, name: resourceType(target.type).terraform, block };
  }

  async #current(target: Target, plugin: Plugin, prior: TfState): Promise<TfObject> {
    const { key } = await this.#pool.built(target.type);
    if (key === prior.key) return prior.state;
    return plugin.upgrade(resourceType(target.type).terraform, prior.version, prior.state);
  }

  async #outcome(
    target: Target,
    plugin: Plugin,
    answer: TfObject | null,
    secret: Uint8Array,
    error: string | undefined,
  ): Promise<Outcome> {
    const failed = error ? { error } : {};
    if (answer === null) return failed;
    const { version, block } = await this.#pool.schema(target.type);
    // An upgrade from the current version also writes absent blocks as empty ones. Terraform does
    // it at each read. Without this upgrade, providers with the older SDK plan changes that do not
    // exist.
    const upgraded = plugin.upgrade(resourceType(target.type).terraform, version, answer);
    // A state that cannot be upgraded still names the created resource, so the engine keeps it.
    const state = await upgraded.catch(() => answer);
    const { key } = await this.#pool.built(target.type);
    const tf = { state, private: Buffer.from(secret).toString("base64"), version, key };
    return { tf, id: String(state.id ?? ""), outputs: fromState(block, state), ...failed };
  }
}

function secretOf(prior: TfState | undefined): Uint8Array {
  return Buffer.from(prior?.private ?? "", "base64");
}

function setTimeouts(block: Block, config: TfObject, timeouts: Timeouts | undefined): void {
  const schema = block.blocks.find((nested) => nested.name === "timeouts");
  if (!schema || !timeouts) return;
  const entries = schema.block.attributes.map(
    ({ name }) => [name, timeouts[name as keyof Timeouts] || null] as const,
  );
  if (entries.some(([, value]) => value !== null)) config.timeouts = Object.fromEntries(entries);
}

function differsIn(block: Block, name: string, before: TfObject | null, after: TfObject): boolean {
  const [, fields] = typeOf(block) as ["object", Record<string, CtyType>];
  const same = block.blocks.some((nested) => nested.name === name) ? sameBlock : sameValue;
  return !same(before?.[name] ?? null, after[name] ?? null, fields[name] ?? "dynamic");
}
