import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { shellWord } from "../../../config/spec/message.ts";
import { proxyFiles } from "../fates.ts";
import { isActive } from "../profiles.ts";
import type { ComposeService } from "../read.ts";
import { dataFolders } from "../rules-store.ts";
import { at, children, textOf, textsOf } from "../tree.ts";
import type { World } from "../world.ts";
import { changedPaths } from "./proxied.ts";
import type { Existing } from "./storage.ts";
import type { Todo } from "./todo.ts";

/** The data of the services that stores of the stack replace. */
export const storeData = (world: World): Existing[] =>
  world.stores
    .filter(({ service }) => isActive(service, world))
    .flatMap(({ is, service }) =>
      children(at(service.tree, "volumes")).flatMap((volume): Existing[] => {
        const [type, source, target = ""] = ["type", "source", "target"].map((key) =>
          textOf(at(volume, key)),
        );
        if (source === undefined || !dataFolders[is].test(target)) return [];
        return [{ service: is, from: source, isFolder: type === "bind", volume: `${is}-data` }];
      }),
    );

/** Services whose profile is not chosen. Compose starts none of them. */
export function leftOut(world: World): Todo[] {
  const services = world.project.services.filter((service) => !isActive(service, world));
  const profiles = new Set(services.flatMap(({ tree }) => textsOf(at(tree, "profiles"))));
  if (services.length === 0) return [];
  return [
    {
      text: `Services with these profiles are left out: ${[...profiles].sort().join(", ")}. Choose profiles as for Compose:`,
      command: `COMPOSE_PROFILES=${[...profiles].sort()[0]} ./ragdock import ${shellWord(world.project.folder)} --force`,
    },
  ];
}

function changed({ tree }: ComposeService): string {
  const paths = changedPaths(proxyFiles(tree));
  return paths.length === 0
    ? ""
    : ` The proxy changes these paths, but the ingress does not: ${paths.join(", ")}.`;
}

/** What is left to do for stores, proxies and jobs. */
export function storeTodos(world: World): Todo[] {
  const { project, fates } = world;
  return project.services.flatMap((service): Todo[] => {
    const fate = fates.get(service.name);
    const say = (text: string, command?: string): Todo[] => [
      { service: service.name, text, ...(command ? { command } : {}) },
    ];
    if (!isActive(service, world)) return [];
    switch (fate?.is) {
      case "proxy":
        return say(
          `The ingress of the stack takes the place of ${fate.program}. Check the routes of the applications.${changed(service)}`,
        );
      case "monitoring":
        return say(`The stack has its own ${fate.program}. Copy your rules and dashboards into it by hand.`);
      case "nothing":
        return say(fate.why);
      case "store":
        return fate.store === "postgres" ? initScripts(service.tree) : [];
      default:
        return [];
    }
  });
}

/** Scripts that Compose's PostgreSQL runs at its first start. */
function initScripts(tree: Parameters<typeof at>[0]): Todo[] {
  const sources = children(at(tree, "volumes")).flatMap((volume) => {
    const target = textOf(at(volume, "target")) ?? "";
    const source = textOf(at(volume, "source"));
    return source && target.startsWith("/docker-entrypoint-initdb.d") && existsSync(source) ? [source] : [];
  });
  const scripts = sources.flatMap((source) =>
    statSync(source).isDirectory()
      ? readdirSync(source)
          .sort()
          .map((name) => join(source, name))
      : [source],
  );
  return scripts
    .filter((script) => script.endsWith(".sql"))
    .map((script) => ({
      service: "postgres",
      text: "In Compose, PostgreSQL ran this script at its first start. When the stack is up, run it once in the database rag:",
      command: `make psql STACK={{stack}} < ${script}`,
    }));
}
