import type { ServiceTemplate } from "../services/module.ts";
import { longRunning, type PublishedPort, publishedPorts } from "../spec/service.ts";
import { behindIngress, listenPort } from "./ingress.ts";
import type { Pass } from "./pass.ts";

/** Gives the published ports to the ingress. Stores and consoles keep theirs. */
export const publish: Pass = (services) => {
  const ingress = services.find(({ role }) => role === "ingress");
  const behind: readonly ServiceTemplate[] = ingress ? behindIngress(services) : [];
  const ports = behind.flatMap((s): PublishedPort[] =>
    publishedPorts(s).map((port) => ({ ...port, container: ingressPort(s, services), owner: s.name })),
  );
  return services.map((service) => {
    if (service === ingress) return { ...service, ports } as ServiceTemplate;
    return behind.includes(service) ? ({ ...service, ports: [] } as ServiceTemplate) : service;
  });
};

/** The port on which the ingress takes the requests for a service. */
function ingressPort(service: ServiceTemplate, services: readonly ServiceTemplate[]): number {
  if (service.role === "gateway") return listenPort(0);
  const gateway = longRunning(services).find(({ role }) => role === "gateway");
  return gateway?.routes?.find((route) => route.service === service.name)?.listen ?? listenPort(0);
}
