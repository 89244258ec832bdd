import { plainPort } from "../services/certificates.ts";
import type { ServiceTemplate } from "../services/module.ts";
import type { IngressSettings } from "../settings/ingress.ts";
import { longRunning, type Network, type PublishedPort, publishedPorts } from "../spec/service.ts";
import { behindIngress, listenPort } from "./ingress.ts";
import type { Pass } from "./pass.ts";

type Networks = Readonly<Record<string, Network>>;

/** The network that publishes the ports of services on internal networks. */
const publishNetwork = "publish";

/** The networks of a system, with the one for published ports. */
export const withPublishNetwork = (networks: Networks): Networks => ({
  ...networks,
  [publishNetwork]: { internal: false },
});

/**
 * Gives the published ports to the ingress, and other published services a network that can
 * publish.
 */
export const publish: Pass = (services, run) => {
  const ingress = services.find(({ role }) => role === "ingress");
  const behind: readonly ServiceTemplate[] = ingress ? behindIngress(services) : [];
  const { ingress: settings } = run.ctx.settings;
  const tls = settings.tls === "off" ? {} : { tls: true };
  const applications = behind.flatMap((s): PublishedPort[] =>
    publishedPorts(s).map((port) => ({
      ...port,
      ...tls,
      container: ingressPort(s, services),
      owner: s.name,
    })),
  );
  const ports = [...applications, ...withoutTls(applications, settings)];
  return services.map((service) => {
    if (service === ingress) return reachable({ ...service, ports } as ServiceTemplate, run.networks);
    return behind.includes(service)
      ? ({ ...service, ports: [] } as ServiceTemplate)
      : reachable(service, run.networks);
  });
};

/**
 * Port 80, which leads to the port with TLS. An authority asks there too. Two stacks cannot share
 * it, so it is published only if the first application has port 443, or if an authority needs it.
 */
const withoutTls = ([first]: readonly PublishedPort[], { tls }: IngressSettings): PublishedPort[] =>
  first?.exposure === "public" && (tls === "acme" || (tls !== "off" && first.host === 443))
    ? [{ ...first, tls: false, redirects: true, container: plainPort, host: 80 }]
    : [];

/** The port on which the ingress takes the requests for a service. */
function ingressPort(service: ServiceTemplate, services: readonly ServiceTemplate[]): number {
  if (service.role === "gateway") return listenPort(0);
  const gateway = longRunning(services).find(({ role }) => role === "gateway");
  return gateway?.routes?.find((route) => route.service === service.name)?.listen ?? listenPort(0);
}

/** Docker publishes no port of a container that is on internal networks only. */
function reachable(service: ServiceTemplate, networks: Networks): ServiceTemplate {
  if (publishedPorts(service).length === 0) return service;
  if (service.networks.some((name) => !networks[name]?.internal)) return service;
  return { ...service, networks: [...service.networks, publishNetwork] };
}
