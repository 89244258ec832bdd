import { readSystem } from "../../../config/resolve.ts";
import { isReservedNetwork } from "../../../config/spec/networks.ts";
import type { ServiceSpec } from "../../../config/spec/service.ts";
import type { Fates } from "../fates.ts";
import { hostsOf } from "../hosts.ts";
import type { ComposeProject } from "../read.ts";

/** The names of the services of a project in the stack. */
export interface Names {
  /** The new name of each service that stays, by its old one. */
  readonly services: ReadonlyMap<string, string>;
  /** The new name by each name under which other services reach it, the longest first. */
  readonly hosts: readonly (readonly [old: string, name: string])[];
  /** The other services of the stack. */
  readonly system: readonly ServiceSpec[];
}

const longest = 20;

/** The services that the stack has besides the applications. */
const systemServices = (): readonly ServiceSpec[] => {
  const raw = { vectorStore: "chroma", apps: { "the-app": { image: "a:1", port: 80, route: "/" } } };
  const { spec } = readSystem(raw, { project: "ragdock", stack: "dev", secrets: new Set(), host: {} });
  return spec?.services.filter(({ name }) => name !== "the-app") ?? [];
};

/** Gives each service a name that an application may have, and that the system does not use. */
export function namesOf(project: ComposeProject, fates: Fates): Names {
  const system = systemServices();
  const stores = [...fates.values()].flatMap((fate) => (fate.is === "store" ? [fate.store] : []));
  const taken = new Set([...system.map(({ name }) => name), ...stores]);
  const services = new Map<string, string>();
  for (const { name } of project.services) {
    const fate = fates.get(name);
    if (fate?.is === "store") services.set(name, fate.store);
    if (fate?.is !== "application") continue;
    const chosen = free(stackWord(name, longest, "app"), taken);
    taken.add(chosen);
    services.set(name, chosen);
  }
  const hosts = project.services.flatMap((service) => {
    const name = services.get(service.name);
    return name ? hostsOf(service).map((host) => [host, name] as const) : [];
  });
  return { services, hosts: hosts.sort(([a], [b]) => b.length - a.length), system };
}

function free(name: string, taken: ReadonlySet<string>): string {
  const isFree = (one: string): boolean => !taken.has(one) && !isReservedNetwork(one);
  if (isFree(name)) return name;
  const own = `my-${name}`.slice(0, longest).replace(/-$/, "");
  if (isFree(own)) return own;
  for (let count = 2; ; count += 1) {
    const numbered = `${name.slice(0, longest - 4)}-${count}`;
    if (isFree(numbered)) return numbered;
  }
}

/** A text as a name of lower-case letters, digits and hyphens. */
export function stackWord(text: string, most: number, otherwise: string): string {
  const word = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, most)
    .replace(/-+$/, "");
  return word || otherwise;
}
