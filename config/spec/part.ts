import { revisionsIn } from "./content.ts";
import { isBuilt } from "./image.ts";
import { registryName } from "./own-registry.ts";
import { isLongRunning, publishedPorts, type ServiceSpec, type SystemSpec } from "./service.ts";

/** The environment variable that tells the program to deploy some services only, by name. */
export const servicesOnly = "RAGDOCK_SERVICES";

/** The environment variable that tells the program to make images and start nothing. */
export const imagesOnly = "RAGDOCK_IMAGES_ONLY";

/**
 * The services that a deployment of some services changes: these, what they depend on, the registry
 * that they are pulled from, and the running gateways that lead to them. The files of a gateway name one revision of each service
 * behind it, so a gateway is deployed together with all that it depends on.
 * @param running names of the services that have containers
 */
export function deployedWith(
  system: SystemSpec,
  asked: readonly string[],
  running: ReadonlySet<string>,
): ReadonlySet<string> {
  const { services } = system;
  const byName = new Map(services.map((service) => [service.name, service]));
  const leadsTo = (name: string): string[] =>
    services
      .filter((s) => isLongRunning(s) && running.has(s.name))
      .filter(({ files }) => files.some(({ content }) => revisionsIn(content).includes(name)))
      .map((s) => s.name);
  const found = new Set(asked);
  // The nodes pull a built image from the registry that the stack runs.
  const pullsFrom = (service: ServiceSpec | undefined): string[] =>
    service && system.ownRegistry && isBuilt(service.image, system) ? [registryName] : [];
  // The loop also visits the names that it adds.
  for (const name of found) {
    const service = byName.get(name);
    for (const other of [...(service?.dependsOn ?? []), ...pullsFrom(service), ...leadsTo(name)])
      found.add(other);
  }
  return found;
}

/** A system reduced to these services, their networks and the URLs that they publish. */
export function partOf(system: SystemSpec, names: ReadonlySet<string>): SystemSpec {
  const services = system.services.filter(({ name }) => names.has(name));
  const used = new Set(services.flatMap((service) => service.networks));
  const networks = Object.entries(system.networks).filter(([name]) => used.has(name));
  const published = services.flatMap((s) => publishedPorts(s).map(({ owner = s.name }) => owner));
  const urls = Object.entries(system.urls).filter(([name]) => published.includes(name));
  return {
    ...system,
    services,
    networks: Object.fromEntries(networks),
    urls: Object.fromEntries(urls),
    unavailable: {},
  };
}

/** The part of a system that this run deploys: all of it, unless the environment names services. */
export function deployedPart(system: SystemSpec, env: NodeJS.ProcessEnv = process.env): SystemSpec {
  const names = env[servicesOnly];
  return names ? partOf(system, new Set(names.split(","))) : system;
}

/**
 * The part of a system that this run creates containers for, if it is not all of it. A run that
 * makes images creates none.
 */
export function partOnly(system: SystemSpec, env: NodeJS.ProcessEnv = process.env): SystemSpec | undefined {
  if (env[imagesOnly]) return partOf(system, new Set());
  return env[servicesOnly] ? deployedPart(system, env) : undefined;
}
