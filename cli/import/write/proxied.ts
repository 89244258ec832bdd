import { proxyFiles } from "../fates.ts";
import { hostsOf } from "../hosts.ts";
import type { ComposeService } from "../read.ts";
import type { World } from "../world.ts";

/** A path that a proxy of the project passes on to a service without a change. */
export interface Proxied {
  /** The old name of the service. */
  readonly service: string;
  readonly path: string;
  readonly port?: number;
}

const location = /location\s+(?:\^~\s+|=\s+)?(\/[\w./-]*)\s*\{([^{}]*)\}/g;
const upstream = /upstream\s+([\w.-]+)\s*\{[^{}]*?server\s+([\w.-]+):(\d+)/g;

/** The paths that an nginx of the project changes before it passes them on. */
export const changedPaths = (texts: readonly string[]): string[] => [
  ...new Set(
    [...texts.join("\n").matchAll(location)].flatMap(([, path = "", body = ""]) =>
      /proxy_pass\s+https?:\/\/[\w.:-]+\/[^;]*;|rewrite\s/.test(body) && path !== "/" ? [path] : [],
    ),
  ),
];

/** The paths that an nginx of the project passes on. A path that it changes is not included. */
export function proxiedRoutes(services: readonly ComposeService[], { project, fates }: World): Proxied[] {
  const text = project.services
    .filter(({ name }) => fates.get(name)?.is === "proxy")
    .flatMap(({ tree }) => proxyFiles(tree))
    .join("\n");
  const upstreams = new Map(
    [...text.matchAll(upstream)].map(([, name = "", host = "", port]) => [name, { host, port }]),
  );
  const found = new Map<string, Proxied>();
  for (const [, path = "", body = ""] of text.matchAll(location)) {
    const [, name = "", given] = /proxy_pass\s+https?:\/\/([\w.-]+)(?::(\d+))?\s*;/.exec(body) ?? [];
    const { host, port } = upstreams.get(name) ?? { host: name, port: given };
    const service = services.find((one) => hostsOf(one).includes(host));
    const route = path.endsWith("/") ? path : `${path}/`;
    if (!service || found.has(route) || !/^\/([a-zA-Z0-9][\w.~-]*\/)*$/.test(route)) continue;
    found.set(route, { service: service.name, path: route, ...(port ? { port: Number(port) } : {}) });
  }
  return [...found.values()];
}
