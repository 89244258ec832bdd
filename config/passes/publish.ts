import type { ServiceTemplate } from "../services/template.ts";
import { isLongRunning, type Network, type ServiceSpec } from "../spec/service.ts";

/** Carries the ports of services that are otherwise on internal networks alone. */
const publishNetwork = "publish";

/**
 * A service with a port on the host needs a network that is not internal: the engine publishes nothing otherwise.
 * It gets one of its own, so that it does not meet whoever else leads out.
 */
export function reachable(
  draft: ServiceTemplate,
  networks: Readonly<Record<string, Network>>,
): ServiceTemplate {
  if (!isLongRunning(draft) || !draft.endpoint || draft.endpoint.exposure === "none") return draft;
  if (draft.networks.some((name) => !networks[name]?.internal)) return draft;
  return { ...draft, networks: [...draft.networks, publishNetwork] };
}

/** The networks that services are on. */
export function networksOf(
  services: readonly ServiceSpec[],
  networks: Readonly<Record<string, Network>>,
): Record<string, Network> {
  const used = new Set(services.flatMap((s) => s.networks));
  return Object.fromEntries(
    Object.entries({ ...networks, [publishNetwork]: { internal: false } }).filter(([name]) => used.has(name)),
  );
}

/** Outputs: where each published service answers, and `ui` and `api` where a gateway leads to them. */
export function urlsOf(services: readonly ServiceSpec[]): Record<string, string> {
  const urls: Record<string, string> = {};
  for (const { name, role, dependsOn, endpoint } of services.filter(isLongRunning)) {
    if (!endpoint || endpoint.exposure === "none") continue;
    const address = `localhost:${endpoint.host}`;
    // A service is known by its own name, whoever has its port.
    const url = role === "postgres" || role === "redis" ? address : `http://${address}`;
    urls[endpoint.settings ?? name] = url;
    if (role !== "gateway") continue;
    // An edge leads to a gateway, and that to the applications.
    const gateways = services.filter((s) => dependsOn.includes(s.name));
    const behind = services.filter((s) => gateways.some((gateway) => gateway.dependsOn.includes(s.name)));
    const both = behind.length > 1;
    for (const service of behind) {
      if (service.role === "ui") urls.ui = both ? `http://${address}/` : `http://${address}`;
      if (service.role === "api") urls.api = both ? `http://${address}/api` : `http://${address}`;
    }
  }
  return urls;
}
