import { isLongRunning, type Network, publishedPorts, type ServiceSpec, type SystemSpec } from "./service.ts";

/**
 * The network with a route out. Published ports and calls to other hosts go over it. Its containers
 * cannot reach each other.
 */
export const outsideNetwork = "outside";

/** The network of the services that watch others. */
export const monitoringNetwork = "monitoring";

/** The network over which Prometheus reaches applications. */
const metricsNetwork = "metrics";

/** The network over which the gateway reaches the web pages of the monitoring. */
const consolesNetwork = "consoles";

/** The network of the gateway and the applications behind it. */
const applicationNetwork = "app";

/** The network of the ingress and of the services next to it. */
const ingressNetwork = "ingress";

/** Whether a network that belongs to no single service has this name. */
export const isReservedNetwork = (name: string): boolean =>
  [
    applicationNetwork,
    consolesNetwork,
    ingressNetwork,
    metricsNetwork,
    monitoringNetwork,
    outsideNetwork,
  ].includes(name);

/**
 * The networks that are declared for a system, by short name. On a Swarm, each service with a route
 * out has a network for it alone, because an overlay network cannot keep its containers apart.
 */
export function declaredNetworks({
  target,
  networks,
  services,
}: Pick<SystemSpec, "target" | "networks" | "services">): Readonly<Record<string, Network>> {
  if (target === "engine") return networks;
  const { [outsideNetwork]: outside, ...others } = networks;
  const own = outside ? services.filter(hasWayOut).map(({ name }) => [wayOutOf(name), outside] as const) : [];
  return { ...others, ...Object.fromEntries(own) };
}

/** The short name of the network with a route out that a service has on a Swarm. */
export const wayOutOf = (service: string): string => `${outsideNetwork}-${service}`;

/** Docker's options of a network with a route out: its containers do not reach each other. */
export const openNetworkOptions = { "com.docker.network.bridge.enable_icc": "false" } as const;

/**
 * Docker passes a name that it does not know, such as that of a stopped service, to the DNS servers
 * of the host. A container without a route out does not reach them, and its lookup takes 10 s on
 * Docker Engine 20.10. With these settings it fails in 2 s, because nothing listens on 127.0.0.1:53.
 */
export const noDns = { servers: ["127.0.0.1"], options: ["timeout:1", "attempts:2"] };

/** Whether a service has a route out of the stack. */
export const hasWayOut = ({ networks }: Pick<ServiceSpec, "networks">): boolean =>
  networks.includes(outsideNetwork);

const watches = ({ role }: ServiceSpec): boolean => role === "monitoring" || role === "exporter";

/** The network on which others call a service. A store has a network with its own name. */
export function homeNetwork({ name, role }: Pick<ServiceSpec, "name" | "role">): string {
  switch (role) {
    case "api":
    case "ui":
    case "gateway":
      return applicationNetwork;
    case "ingress":
    case "auth":
    case "certificates":
      return ingressNetwork;
    case "monitoring":
    case "exporter":
      return monitoringNetwork;
    default:
      return name;
  }
}

/** The network on which one service calls another. */
function networkBetween(caller: ServiceSpec, called: ServiceSpec): string {
  if (watches(caller) && watches(called)) return monitoringNetwork;
  if (caller.role === "gateway" && watches(called)) return consolesNetwork;
  // On the network for metrics, other applications could also reach a store.
  if (caller.role === "monitoring" && called.role === "store") return homeNetwork(called);
  if (caller.role === "monitoring" || watches(called)) return metricsNetwork;
  if (caller.role === "ingress") return homeNetwork(caller);
  return homeNetwork(called);
}

/** The services that a service calls: those that it names, and those that it waits for. */
export const calledBy = (
  { calls = [], dependsOn }: ServiceSpec,
  services: readonly ServiceSpec[],
): ServiceSpec[] =>
  services.filter((s) => isLongRunning(s) && (calls.includes(s.name) || dependsOn.includes(s.name)));

/** The networks of a service: those over which it calls others or is called, sorted. */
export function networksOf(service: ServiceSpec, services: readonly ServiceSpec[]): string[] {
  const outgoing = calledBy(service, services).map((other) => networkBetween(service, other));
  const incoming = services
    .filter((other) => calledBy(other, services).includes(service))
    .map((other) => networkBetween(other, service));
  // An exporter listens there, also if Prometheus is switched off.
  const home = service.role === "exporter" ? [homeNetwork(service)] : [];
  const leaves = service.outside || publishedPorts(service).length > 0;
  const all = [...outgoing, ...incoming, ...home, ...(leaves ? [outsideNetwork] : [])];
  // Docker puts a container without a network on a shared one, which has a route out.
  return [...new Set(all.length > 0 ? all : [homeNetwork(service)])].sort();
}

/**
 * Whether one service can connect to the ports of another. Exporters are on the networks of stores,
 * but listen on that of the monitoring only.
 */
export const reaches = (from: ServiceSpec, to: ServiceSpec): boolean =>
  isLongRunning(to) &&
  to.networks.some(
    (network) =>
      network !== outsideNetwork &&
      from.networks.includes(network) &&
      (to.role !== "exporter" || network === monitoringNetwork),
  );

/** The name by which a service finds its addresses on one of its networks. */
export const nameOn = (network: string, service: string): string => `${service}.${network}`;

/**
 * The names of a service on one of its networks. On the network with a route out it has none by
 * which others call it: Docker would give them an address that they cannot reach.
 */
export const aliasesOn = (
  network: string,
  { name, aliases = [] }: Pick<ServiceSpec, "name" | "aliases">,
): string[] => [...(network === outsideNetwork ? [] : [name, ...aliases]), nameOn(network, name)];

/** The name of the only address on which an exporter listens. */
export const exporterHost = (name: string): string => nameOn(monitoringNetwork, name);
