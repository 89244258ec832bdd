import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { proxyFiles } from "../fates.ts";
import { hostsOf, isJob, mentions, publishedPorts, variablesIn } from "../hosts.ts";
import { isActive } from "../profiles.ts";
import type { ComposeService } from "../read.ts";
import { at, textOf, textsOf } from "../tree.ts";
import { applicationsOf, type World } from "../world.ts";
import { programOf } from "./programs.ts";
import { type Proxied, proxiedRoutes } from "./proxied.ts";
import type { Todo } from "./todo.ts";

/** How requests reach the applications. */
export interface Routes {
  /** The port that each service listens on, by its old name. */
  readonly ports: ReadonlyMap<string, number>;
  /** The path under which the gateway leads to a service, by its old name. */
  readonly routes: ReadonlyMap<string, string>;
  /** More paths of a service, and the port for each, by its old name. */
  readonly more: ReadonlyMap<string, Readonly<Record<string, number>>>;
  /** The port of the host, as Compose published it. */
  readonly hostPort?: number;
  readonly todos: readonly Todo[];
}

/** Ports of databases and queues, which no browser can use. */
const storePorts = [2181, 2379, 3306, 4222, 5432, 5672, 6379, 7687, 9092, 11211, 19530, 27017];

/** Whether the port of a service serves no pages for people. */
const isStore = (service: ComposeService, world: World): boolean => {
  const kind = world.kinds.get(service.name);
  const port = kind?.kind === "foreign" ? programOf(kind.name).port : publishedPorts(service)[0]?.target;
  return port !== undefined && (kind?.kind === "foreign" || storePorts.includes(port));
};

/** Decides which application answers, and under which path. */
export function routesOf(world: World): Routes {
  const services = applicationsOf(world).filter(
    (service) => isActive(service, world) && !isJob(service, world.project),
  );
  const ports = new Map(
    services.flatMap((service) => {
      const port = portOf(service, world);
      return port === undefined ? [] : [[service.name, port] as const];
    }),
  );
  const behind = proxiedRoutes(services, world);
  for (const { service, port } of behind) if (port && !ports.has(service)) ports.set(service, port);
  const front = behind.find(({ path }) => path === "/")?.service ?? frontOf(services, ports, world)?.name;
  if (front === undefined) return { ports, routes: new Map(), more: new Map(), todos: [noFront(services)] };
  if (!ports.has(front)) ports.set(front, 80);
  const { routes, more } = divided(front, behind, ports);
  const todos: Todo[] = [];
  for (const service of services) {
    const [first] = publishedPorts(service);
    if (!first || routes.has(service.name) || isStore(service, world) || !ports.has(service.name)) continue;
    const name = world.names.services.get(service.name) ?? service.name;
    const path = prefixOf(service) ?? `/${name}/`;
    const isFree = ![...routes.values()].includes(path);
    routes.set(service.name, isFree ? path : `/${name}/`);
    todos.push({
      service: name,
      text: `Compose publishes it on port ${first.published ?? first.target}. Here the ingress passes requests for ${routes.get(service.name)} to it, with the whole path. Write the path at which it answers as apps.${name}.route, and change addresses such as http://localhost:${first.published ?? first.target} in the variables of other services.`,
    });
  }
  const hostPort = hostPortOf(front, world);
  return { ports, routes, more, todos, ...(hostPort ? { hostPort } : {}) };
}

/** An application has one route for its port. The other paths of a proxy are more routes. */
function divided(front: string, behind: readonly Proxied[], ports: ReadonlyMap<string, number>) {
  const routes = new Map([[front, "/"]]);
  const more = new Map<string, Record<string, number>>();
  for (const { service, path, port = ports.get(service) } of behind) {
    if (path === "/" || port === undefined) continue;
    if (!routes.has(service) && port === ports.get(service)) routes.set(service, path);
    else more.set(service, { ...more.get(service), [path]: port });
  }
  return { routes, more };
}

const noFront = (services: readonly ComposeService[]): Todo => ({
  text: `No service publishes a port. Write port and route: / for the application that answers requests: ${services.map(({ name }) => name).join(", ")}.`,
});

/** The port of the host on which Compose served the application, or the proxy in front of it. */
function hostPortOf(front: string, { project, fates }: World): number | undefined {
  const found = project.services.filter(({ name }) => name === front || fates.get(name)?.is === "proxy");
  const ports = found
    .sort((a, b) => Number(b.name === front) - Number(a.name === front))
    .flatMap((service) => publishedPorts(service).map(({ published }) => published));
  return ports.find((port) => port !== undefined && port !== 443);
}

/** The port that a service listens on, as its own keys or those of others say. */
function portOf(service: ComposeService, world: World): number | undefined {
  const [published] = publishedPorts(service);
  if (published) return published.target;
  const kind = world.kinds.get(service.name);
  const known = kind?.kind === "foreign" ? programOf(kind.name).port : undefined;
  const exposed = textsOf(at(service.tree, "expose")).map((port) => Number.parseInt(port, 10));
  const check = textsOf(at(service.tree, "healthcheck", "test")).join(" ");
  const checked = /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d+)/.exec(check)?.[1];
  const named = hostsOf(service).flatMap((host) => portsNamed(host, service, world));
  return [known, ...exposed, Number(checked), ...named].find(
    (port) => port !== undefined && Number.isInteger(port) && port > 0 && port < 65_536,
  );
}

/** The ports under which other services name a host. */
function portsNamed(host: string, self: ComposeService, { project }: World): number[] {
  const pattern = new RegExp(`(?:^|[/@,;\\s"'])${host.replaceAll(/[.+]/g, "\\$&")}:(\\d+)`, "g");
  const others = project.services.filter((one) => one !== self);
  const texts = others.flatMap((one) => [...variablesIn(one).map(([, value]) => value), ...proxyTexts(one)]);
  return texts.flatMap((text) => [...text.matchAll(pattern)].map(([, port]) => Number(port)));
}

const proxyTexts = (service: ComposeService): string[] =>
  /nginx|caddy/.test(textOf(at(service.tree, "image")) ?? "") ? proxyFiles(service.tree) : [];

/** The application that people most probably open. */
function frontOf(
  services: readonly ComposeService[],
  ports: Map<string, number>,
  world: World,
): ComposeService | undefined {
  const score = (service: ComposeService): number =>
    (publishedPorts(service).length > 0 ? 4 : 0) +
    (/(^|[-_])(web|ui|webui|frontend|front|client|app|portal|chat|nginx)([-_]|$)/i.test(service.name)
      ? 3
      : 0) +
    (at(service.tree, "build") ? 1 : 0) +
    (publishedPorts(service).some(({ target, published }) => target === 80 || published === 80) ? 2 : 0) +
    // People open an application that calls others, not one that others call.
    (services.some((other) => calls(service, other)) ? 2 : 0) -
    (services.some((other) => calls(other, service)) ? 2 : 0) -
    (world.kinds.get(service.name)?.kind === "application" ? 0 : 5) -
    (isStore(service, world) ? 20 : 0);
  const [best] = [...services].sort((a, b) => score(b) - score(a));
  if (!best) return undefined;
  if (!ports.has(best.name)) {
    const port = exposedPort(best);
    if (port) ports.set(best.name, port);
  }
  if (ports.has(best.name)) return best;
  return [...services].sort((a, b) => score(b) - score(a)).find(({ name }) => ports.has(name));
}

const calls = (one: ComposeService, other: ComposeService): boolean =>
  one !== other &&
  (at(one.tree, "depends_on", other.name) !== undefined || mentions(one, hostsOf(other), true));

/** The port that the Dockerfile of a service names. */
function exposedPort({ tree }: ComposeService): number | undefined {
  const context = textOf(at(tree, "build", "context"));
  if (context === undefined) return undefined;
  const file = join(context, textOf(at(tree, "build", "dockerfile")) ?? "Dockerfile");
  if (!existsSync(file)) return undefined;
  const port = /^EXPOSE\s+(\d+)/im.exec(readFileSync(file, "utf8"))?.[1];
  return port ? Number(port) : undefined;
}

/** A path such as `/api/` that a service answers, because its health check is below it. */
function prefixOf({ tree }: ComposeService): string | undefined {
  const check = textsOf(at(tree, "healthcheck", "test")).join(" ");
  return /https?:\/\/[^/\s]+(\/(?:api|v1)\/)\w/.exec(check)?.[1];
}
