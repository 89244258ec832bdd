import { type Facts, readSystem } from "./resolve.ts";
import { settings } from "./settings/schema.ts";
import { imageName, recognisedIn } from "./spec/image.ts";
import { isLongRunning, publishedPorts, type ServiceSpec } from "./spec/service.ts";

/** The value of a setting, and the source of that value. */
export interface Explained {
  /** The path of the setting, without `ragdock:`. */
  readonly path: string;
  readonly value: unknown;
  /** `you`, `your other settings`, `environment dev`, `system full` or `default`. */
  readonly from: string;
}

type Raw = Readonly<Record<string, unknown>>;

/**
 * Explains every setting under a path, such as `services.api`, or all of them for "". The settings
 * need not be valid. A value that cannot be read counts as unset.
 */
export function explain(raw: Raw, facts: Facts, path: string): Explained[] {
  const environment = raw.environment ?? "dev";
  const other = environment === "prod" ? "dev" : "prod";
  const { system } = raw;
  const base = { ...(system === undefined ? {} : { system }), environment };
  const now = effective(raw, facts);
  const without = effective(base, facts);
  const elsewhere = effective({ ...base, environment: other }, facts);
  const own = new Map(leaves(raw, ""));
  const presets = new Map(leaves(settings.parse({}), ""));
  const origin = (key: string, value: unknown): string => {
    const same = (values: ReadonlyMap<string, unknown>): boolean =>
      JSON.stringify(values.get(key)) === JSON.stringify(value);
    if (own.has(key)) return "you";
    if (!same(without)) return "your other settings";
    if (elsewhere.has(key) && !same(elsewhere)) return `environment ${environment}`;
    return presets.has(key) ? "default" : `system ${system ?? "full"}`;
  };
  return [...now]
    .filter(([key]) => path === "" || key === path || key.startsWith(`${path}.`))
    .map(([key, value]) => ({ path: key, value, from: origin(key, value) }));
}

/** Returns the values in effect, by the paths of their settings. */
function effective(raw: Raw, facts: Facts): ReadonlyMap<string, unknown> {
  const { spec, user, ctx } = readSystem(raw, facts);
  if (!spec || !user || !ctx) return new Map();
  const { services: _, app, ...others } = user;
  const { vectorStore, models } = ctx;
  const services = Object.fromEntries(spec.services.map((service) => [service.name, inEffect(service)]));
  return new Map(leaves({ ...others, ...(app ? { app } : {}), vectorStore, ...models, services }, ""));
}

/** Returns a service in the form of its settings. */
function inEffect(service: ServiceSpec): Raw {
  const { environment, files, mounts, limits, logs, gpus, image } = service;
  const build = recognisedIn([image])[imageName(image)];
  const common = { build, limits, logs, gpus, environment, files: files.map((file) => file.path), mounts };
  if (!isLongRunning(service)) return common;
  const [port] = publishedPorts(service);
  const { replicas, soak, shm } = service;
  return { exposure: port?.exposure ?? "none", port: port?.host, replicas, soak, shm, ...common };
}

/** Returns the values of a tree with their paths. Lists are values. */
function leaves(value: unknown, path: string): [string, unknown][] {
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, item]) => leaves(item, path ? `${path}.${key}` : key));
}
