import type { Host } from "./host.ts";
import { longRunning, type PublishedPort, publishedPorts, type ServiceSpec } from "./service.ts";

/**
 * The URLs of the published services on the Docker host, `ui` and `api` if a gateway leads to them,
 * and those of host names that serve one path.
 * @param domain the name in the certificate. @default the name of the host
 * @param names more names, which lead to the first port with TLS
 */
export function urlsOf(
  services: readonly ServiceSpec[],
  { name = "localhost" }: Host = {},
  domain: string | undefined = undefined,
  names: readonly string[] = [],
): Record<string, string> {
  const urls: Record<string, string> = {};
  const [first] = longRunning(services)
    .flatMap(publishedPorts)
    .filter(({ tls }) => tls);
  if (first) for (const name of names) urls[name] = `https://${name}${suffixOf(first)}`;
  for (const service of longRunning(services)) {
    for (const port of publishedPorts(service)) {
      const { owner = service.name, exposure, tls, redirects } = port;
      if (redirects) continue;
      // Only the host itself can reach a port on its loopback.
      const from = exposure === "public" ? ((tls ? domain : undefined) ?? name) : "localhost";
      const { role, blackbox } = service;
      const isStore =
        role === "postgres" || role === "redis" || (role === "store" && blackbox?.module === "tcp_connect");
      const scheme = tls ? "https://" : isStore ? "" : "http://";
      const url = `${scheme}${from}${suffixOf(port)}`;
      urls[owner] = url;
      Object.assign(urls, behind(owner, url, services));
    }
  }
  return urls;
}

const suffixOf = ({ tls, host }: PublishedPort): string => (tls && host === 443 ? "" : `:${host}`);

/** The applications behind a system's own gateway. */
function behind(name: string, url: string, services: readonly ServiceSpec[]): Record<string, string> {
  const gateway = longRunning(services).find((s) => s.name === name && s.role === "gateway");
  const routes = gateway?.routes ?? [];
  return Object.fromEntries(
    routes.flatMap(({ path, service }) => {
      const target = longRunning(services).find((s) => s.name === service);
      const role = target?.role ?? "";
      // A user can have several applications with the same role.
      const key = target?.ownPages ? service : role;
      const suffix = routes.length > 1 ? path.replace(/(.)\/$/, "$1") : "";
      return role === "api" || role === "ui" ? [[key, `${url}${suffix}`]] : [];
    }),
  );
}
