import { certificatesName, certificatesVolume } from "../../config/services/certificates.ts";
import { Failure } from "../../config/spec/failure.ts";
import { longRunning, publishedPorts, type SystemSpec } from "../../config/spec/service.ts";
import { containersOf, docker, dockerEndpoint } from "../../host/docker.ts";
import { hostName } from "../../host/endpoint.ts";
import type { Target } from "./send.ts";

/** The certificate of the stack's own authority. "" if it has none. */
export async function authorityOf(stack: string): Promise<string> {
  const [container] = await containersOf(stack, certificatesName);
  const file = `${certificatesVolume.path}/ca.pem`;
  return container ? docker("exec", container.Id, "cat", file).catch(() => "") : "";
}

/** The URL of the API behind the ingress, or of the first page behind it. @throws Failure without one */
export function ingressUrl(system: SystemSpec): URL {
  const ingress = longRunning(system.services).find(({ role }) => role === "ingress");
  const port = ingress && publishedPorts(ingress).find(({ redirects }) => !redirects);
  const url = ingress && port && (system.urls.api ?? system.urls[port.owner ?? ingress.name]);
  if (url) return new URL(url);
  throw new Failure(
    `${system.name} publishes no port of its ingress, so nothing can be sent to it.`,
    "Publish one: services.<name>.exposure, see docs/reference/settings.md.",
  );
}

/** The path of a cheap request: the health check of the API, under its path at the gateway. */
export function cheapPath({ services }: SystemSpec): string {
  const all = longRunning(services);
  const api = all.find(({ role }) => role === "api") ?? all.find(({ role }) => role === "ui");
  const gateways = all.filter(({ role }) => role === "gateway");
  const route = gateways.flatMap(({ routes = [] }) => routes).find(({ service }) => service === api?.name);
  if (!route || api?.blackbox?.module !== "http_2xx") return "/";
  const { path } = api.blackbox;
  if (route.strip) return `${route.path.replace(/\/$/, "")}${path}`;
  return path.startsWith(route.path) ? path : route.path;
}

/**
 * The stack's own ingress. Uses the address of the Docker host and no DNS answer, so that no
 * request goes to another host.
 */
export async function ingressOf(stack: string, url: URL, header: string | undefined): Promise<Target> {
  const tls = url.protocol === "https:";
  const endpoint = dockerEndpoint();
  const host = endpoint ? hostName(endpoint) : undefined;
  const authority = tls ? await authorityOf(stack) : "";
  const [, name, value] = /^([\w-]+):\s*(.+)$/.exec(header ?? "") ?? [];
  if (header !== undefined && (!name || !value))
    throw new Failure(`"${header}" is not a header.`, 'For example: --header "Authorization: Bearer rdk_…"');
  return {
    ...(host ? { host } : {}),
    port: Number(url.port || (tls ? 443 : 80)),
    tls,
    name: url.hostname,
    ...(authority ? { authority } : {}),
    headers: { host: url.host, ...(name && value ? { [name]: value } : {}) },
  };
}
