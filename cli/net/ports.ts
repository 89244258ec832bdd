import { statusPort } from "../../config/services/nginx.ts";
import { reaches } from "../../config/spec/networks.ts";
import { isLongRunning, type ServiceSpec, type SystemSpec } from "../../config/spec/service.ts";

/** The ports on which a service may listen. */
export function portsOf(service: ServiceSpec): number[] {
  if (!isLongRunning(service)) return [];
  const { metrics, blackbox, readiness, ports, routes = [], image } = service;
  const known = [
    ...[metrics, blackbox, readiness].flatMap((one) => (one ? [one.port] : [])),
    ...ports.map(({ container }) => container),
    ...routes.map(({ listen }) => listen),
    ...(image.from === "catalogue" && routes.length === 0 ? [image.image.port ?? []] : []).flat(),
    ...(routes.length > 0 ? [statusPort] : []),
  ];
  return [...new Set(known)];
}

/** A service that another one can connect to. */
export interface Reach {
  readonly from: string;
  readonly to: string;
  readonly ports: readonly number[];
  /** The networks that both are on. */
  readonly networks: readonly string[];
  /** Whether it calls the service, or only shares a network with it. */
  readonly calls: boolean;
}

/** Which service reaches which, as a system declares it. Replicas of one service count as one. */
export function declaredReaches({ services }: SystemSpec): Reach[] {
  return services.flatMap((from) =>
    services
      .filter((to) => to !== from && portsOf(to).length > 0 && reaches(from, to))
      .map((to) => ({
        from: from.name,
        to: to.name,
        ports: portsOf(to),
        networks: to.networks.filter((network) => network !== "outside" && from.networks.includes(network)),
        calls: (from.calls ?? []).includes(to.name) || from.dependsOn.includes(to.name),
      }))
      .sort((one, other) => Number(other.calls) - Number(one.calls)),
  );
}
