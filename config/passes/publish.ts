import { plainPort } from "../services/certificates.ts";
import type { ServiceTemplate } from "../services/module.ts";
import type { IngressSettings } from "../settings/ingress.ts";
import { longRunning, type PublishedPort, publishedPorts } from "../spec/service.ts";
import { behindIngress, listenPort } from "./ingress.ts";
import type { Pass } from "./pass.ts";

/** Gives the published ports to the ingress. Stores and consoles keep theirs. */
export const publish: Pass = (services, run) => {
  const ingress = services.find(({ role }) => role === "ingress");
  const behind: readonly ServiceTemplate[] = ingress
    ? behindIngress(services).filter((s) => s.role === "gateway" || isRouted(s, services))
    : [];
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
    if (service === ingress) return { ...service, ports } as ServiceTemplate;
    return behind.includes(service) ? ({ ...service, ports: [] } as ServiceTemplate) : service;
  });
};

/**
 * Port 80, which leads to the port with TLS. A certificate authority also connects to it. Two
 * stacks cannot share it, so it is published only if the first application has port 443, or if an
 * authority needs it.
 */
const withoutTls = ([first]: readonly PublishedPort[], { tls }: IngressSettings): PublishedPort[] =>
  first?.exposure === "public" && (tls === "acme" || (tls !== "off" && first.host === 443))
    ? [{ ...first, tls: false, redirects: true, container: plainPort, host: 80 }]
    : [];

/**
 * Whether a gateway passes requests to it. Others publish a port of their own next to the ingress.
 */
const isRouted = ({ name }: ServiceTemplate, services: readonly ServiceTemplate[]): boolean =>
  longRunning(services).some(({ routes = [] }) => routes.some((route) => route.service === name));

/** The port on which the ingress takes the requests for a service. */
function ingressPort(service: ServiceTemplate, services: readonly ServiceTemplate[]): number {
  if (service.role === "gateway") return listenPort(0);
  const gateway = longRunning(services).find(({ role }) => role === "gateway");
  return gateway?.routes?.find((route) => route.service === service.name)?.listen ?? listenPort(0);
}
