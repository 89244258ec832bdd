import { certificates } from "../services/certificates.ts";
import { gatewayPort, gatewayTo, ingressTo } from "../services/gateway.ts";
import type { ServiceTemplate } from "../services/module.ts";
import { statusPort } from "../services/nginx.ts";
import { isLongRunning, type LongRunning, type Route } from "../spec/service.ts";
import type { Pass, Run } from "./pass.ts";

type Published = ServiceTemplate<LongRunning>;

/**
 * Puts a gateway and an ingress in front of applications with a port. The gateway is replaced after
 * them, so it never uses an unhealthy revision. The ingress has the ports and rarely changes.
 */
export const ingress: Pass = (services, run) => {
  const published = behindIngress(services);
  const last = services.indexOf(published.at(-1) as Published);
  if (last < 0) return services;
  const own = published.find(({ role }) => role === "gateway");
  const gateway = own ?? gatewayOf(published, run);
  const routes: Route[] = published.map((_, index) => {
    const port = listenPort(index);
    return { listen: port, path: "/", service: gateway.name, port };
  });
  const added = [
    ...(own ? [] : [gateway]),
    ...(hasTls(run) ? [certificates(run.ctx)] : []),
    ingressTo(run.ctx, routes),
  ];
  const all = [...services.slice(0, last + 1), ...added, ...services.slice(last + 1)];
  return all.map((s) => (s === published[0] && hasTls(run) && run.ctx.prod ? onTlsPort(published[0]) : s));
};

const hasTls = ({ ctx }: Run): boolean => ctx.settings.ingress.tls !== "off";

/** By default, browsers find the first application in production without a port in its address. */
const onTlsPort = (service: Published): Published => ({
  ...service,
  ports: service.ports.map((port, index) => (index === 0 ? { ...port, host: 443 } : port)),
});

/**
 * The services whose ports the ingress publishes: a system's own gateway, or otherwise its
 * applications.
 */
export function behindIngress(services: readonly ServiceTemplate[]): Published[] {
  const fronts = services.filter(
    (s): s is Published =>
      isLongRunning(s) && ["api", "ui", "gateway"].includes(s.role) && s.ports.length > 0,
  );
  const own = fronts.filter(({ role }) => role === "gateway");
  return own.length > 0 ? own : fronts;
}

/** The ports that gateways and ingresses listen on: 8080, then the ports after the status port. */
export const listenPort = (index: number): number => (index === 0 ? gatewayPort : statusPort + index);

/** A gateway with a port for each published application. */
function gatewayOf(published: readonly Published[], { ctx }: Run): Published {
  const routes = published.map(({ name, ports }, index) => ({
    listen: listenPort(index),
    path: "/",
    service: name,
    port: ports[0]?.container ?? 0,
  }));
  return {
    ...gatewayTo(ctx, "gateway", routes),
    omit: (_, services) =>
      services.some(({ name }) => name === "ingress") ? undefined : "no service behind it publishes a port",
  };
}
