import { holdsUnknown, type Properties, reveal, type Value } from "../pulumi/values.ts";
import type { ProcessOptions } from "./connection.ts";
import type { TfObject } from "./cty.ts";
import { type Package, packageOf, resourceType } from "./packages.ts";
import { Plugin } from "./plugin.ts";
import { type BuiltProvider, getProvider } from "./providers.ts";
import type { Schema } from "./schema.ts";
import { toConfig } from "./translate.ts";

/** The run's options for its pool. */
export interface PoolHost extends ProcessOptions {
  /** The stack's config. `<package>:<key>` sets the settings of a package's default provider. */
  readonly config: Readonly<Record<string, string>>;
  note(message: string): void;
  warn(message: string): void;
  started(pid: number): void;
}

/**
 * The providers of one run. A provider is built when it is first needed, and started before its
 * first call.
 */
export class ProviderPool {
  readonly #host: PoolHost;
  readonly #running = new Map<string, Promise<Plugin>>();

  constructor(host: PoolHost) {
    this.#host = host;
  }

  /** Returns the provider of a type. It is built, but may not be running. */
  built(type: string): Promise<BuiltProvider> {
    return getProvider(packageOf(type).provider, (message) => this.#host.note(message));
  }

  /** Returns the provider's schema of a resource type. The provider need not run. */
  async schema(type: string): Promise<Schema> {
    const name = resourceType(type).terraform;
    const schema = (await this.built(type)).schema.resources[name];
    if (!schema) throw new Error(`the provider has no resource type "${name}"`);
    return schema;
  }

  /**
   * Returns a running provider. An explicit provider's inputs configure it, or else the stack's
   * config.
   */
  plugin(type: string, inputs: Properties | undefined): Promise<Plugin> {
    const owner = packageOf(type);
    const settings = inputs ? decodeSettings(inputs) : this.#defaults(owner);
    if (holdsUnknown(settings)) throw new Error("the settings of the provider are not known yet");
    const key = `${owner.name} ${JSON.stringify(settings)}`;
    let running = this.#running.get(key);
    if (!running) {
      running = this.#start(type, settings);
      this.#running.set(key, running);
      running.catch(() => this.#running.delete(key));
    }
    return running;
  }

  async stop(): Promise<void> {
    await Promise.allSettled([...this.#running.values()].map(async (plugin) => (await plugin).stop()));
  }

  async #start(type: string, settings: Properties): Promise<Plugin> {
    const built = await this.built(type);
    const config: TfObject = toConfig(built.schema.provider.block, settings);
    const plugin = await Plugin.start(built.binary, this.#host, (message) => this.#host.warn(message));
    this.#host.started(plugin.pid);
    try {
      await plugin.configure(config);
    } catch (error) {
      await plugin.stop();
      throw error;
    }
    return plugin;
  }

  #defaults(owner: Package): Properties {
    const entries = owner.settings.flatMap((key) => {
      const value = this.#host.config[`${owner.name}:${key}`];
      return value === undefined ? [] : [[key, value] as const];
    });
    return decodeSettings(Object.fromEntries(entries));
  }
}

/** Parses provider settings, which arrive as JSON text unless they are plain strings. */
function decodeSettings(inputs: Properties): Properties {
  const decoded: Properties = {};
  for (const [key, value] of Object.entries(reveal(inputs) as Properties)) {
    if (key === "version" || key === "pluginDownloadURL") continue;
    decoded[key] = typeof value === "string" ? fromText(value) : value;
  }
  return decoded;
}

function fromText(text: string): Value {
  if (!/^(\[|\{|true$|false$)/.test(text)) return text;
  try {
    return JSON.parse(text) as Value;
  } catch {
    return text;
  }
}
