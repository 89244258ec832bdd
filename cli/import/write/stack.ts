import { isLongRunning, publishedPorts } from "../../../config/spec/service.ts";
import { publishedPorts as composePorts } from "../hosts.ts";
import { tagOf } from "../kinds.ts";
import { isOptionalStore, pinOf } from "../optional-stores.ts";
import { isActive } from "../profiles.ts";
import { at, textOf } from "../tree.ts";
import { applicationsOf, type World } from "../world.ts";
import { applicationOf, type WrittenApplication } from "./application.ts";
import { filled } from "./filled.ts";
import { needsOf } from "./needs.ts";
import { routesOf } from "./routes.ts";
import type { Existing } from "./storage.ts";
import { leftOut, storeData, storeTodos } from "./stores.ts";
import type { Todo } from "./todo.ts";

/** A stack that is made from a Compose project. */
export interface WrittenStack {
  /** Its settings, without `ragdock:`. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly applications: readonly WrittenApplication[];
  /** The secrets that the user sets. */
  readonly asked: readonly string[];
  readonly existing: readonly Existing[];
  readonly todos: readonly Todo[];
}

/** Writes a project as the settings of a stack. */
export function stackOf(world: World): WrittenStack {
  const routes = routesOf(world);
  const { needs, todos } = needsOf(world);
  const applications = applicationsOf(world)
    .filter((service) => isActive(service, world))
    .map((service) => applicationOf(service, world, routes, needs.get(service.name) ?? []));
  const active = world.stores.filter(({ service }) => isActive(service, world));
  const has = (store: string): boolean => active.some(({ is }) => is === store);
  const overrides = {
    ...(routes.hostPort ? portOverrides(routes.hostPort, world) : {}),
    ...(has("redis") ? {} : Object.fromEntries(redisServices.map((name) => [name, { enabled: false }]))),
    ...Object.fromEntries(
      applications.flatMap(({ name, overrides: own }) => (Object.keys(own).length > 0 ? [[name, own]] : [])),
    ),
  };
  const version = postgresVersion(world);
  return {
    settings: {
      system: "full",
      environment: "dev",
      ...(version ? { postgresVersion: version } : {}),
      ...(has("chroma") ? { vectorStore: "chroma" } : {}),
      ...filled({ pinned: pinsOf(active) }),
      apps: Object.fromEntries(applications.map(({ name, settings }) => [name, settings])),
      ...(Object.keys(overrides).length > 0 ? { services: overrides } : {}),
    },
    applications,
    asked: [...new Set(applications.flatMap(({ asked }) => asked))],
    existing: [...applications.flatMap(({ storage }) => storage.existing), ...storeData(world)],
    todos: [
      ...routes.todos,
      ...todos,
      ...applications.flatMap(({ todos: own }) => own),
      ...storeTodos(world),
      ...leftOut(world),
    ],
  };
}

/** The stack always has PostgreSQL. Redis can be left out, with what belongs to it. */
const redisServices = ["redis", "redis-credentials", "redis-exporter"];

/**
 * The port of the ingress, and the next ones for the consoles. With their usual ports, only one
 * stack could start on a host.
 */
function portOverrides(port: number, { names, project }: World): Record<string, { port: number }> {
  const taken = new Set(
    project.services.flatMap((service) => composePorts(service).map(({ published }) => Number(published))),
  );
  const free = Array.from({ length: 1000 }, (_, index) => port + 1 + index).filter((one) => !taken.has(one));
  const consoles = names.system.filter(
    (one) => one.name !== "ingress" && isLongRunning(one) && publishedPorts(one).length > 0,
  );
  const moved = consoles.flatMap(({ name }, index) => {
    const next = free[index];
    return next === undefined || next > 65_535 ? [] : [[name, { port: next }] as const];
  });
  return { gateway: { port }, ...Object.fromEntries(moved) };
}

/** The images of stores that the stack runs in the version of the Compose file. */
const pinsOf = (stores: World["stores"]): Record<string, string> =>
  Object.fromEntries(
    stores.flatMap(({ is, service }) => {
      const pin = isOptionalStore(is) ? pinOf(is, service) : undefined;
      return pin === undefined ? [] : [[is, pin]];
    }),
  );

/** PostgreSQL 18 stays 18. For the default version, older data must be moved with a dump. */
function postgresVersion({ stores }: World): string | undefined {
  const store = stores.find(({ is }) => is === "postgres");
  const tag = store && tagOf(textOf(at(store.service.tree, "image")) ?? "");
  return /^(pg)?18\b|-pg18\b/.test(tag ?? "") ? "18" : undefined;
}
