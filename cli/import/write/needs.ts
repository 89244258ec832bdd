import { hostsOf, mentions } from "../hosts.ts";
import { isActive } from "../profiles.ts";
import type { ComposeService } from "../read.ts";
import { at, entriesOf } from "../tree.ts";
import { applicationsOf, type World } from "../world.ts";
import type { Todo } from "./todo.ts";

/** The services that each application calls and waits for, without circles. By old name. */
export function needsOf(world: World): {
  needs: ReadonlyMap<string, readonly string[]>;
  todos: readonly Todo[];
} {
  const services = applicationsOf(world).filter((service) => isActive(service, world));
  const stays = (name: string): boolean =>
    services.some((one) => one.name === name) || world.stores.some(({ service }) => service.name === name);
  const needs = new Map<string, Set<string>>(services.map(({ name }) => [name, new Set()]));
  const todos: Todo[] = [];
  const reaches = (from: string, to: string): boolean =>
    from === to || [...(needs.get(from) ?? [])].some((next) => reaches(next, to));
  const add = (service: ComposeService, other: string, isSure = true): void => {
    if (other === service.name || !stays(other)) return;
    if (!reaches(other, service.name)) needs.get(service.name)?.add(other);
    else if (isSure && !needs.get(service.name)?.has(other))
      todos.push({
        service: world.names.services.get(service.name) ?? service.name,
        text: `It calls ${other}, which waits for it. It can reach ${other} only if both have a route or need the same store.`,
      });
  };
  for (const service of services)
    for (const [other] of entriesOf(at(service.tree, "depends_on"))) add(service, other);
  for (const service of services)
    for (const other of world.project.services)
      if (mentions(service, hostsOf(other), true)) add(service, other.name);
  // If several services share an environment file, its variables do not show what a single service
  // calls.
  for (const service of services.filter(({ name }) => world.kinds.get(name)?.kind === "application"))
    for (const other of world.project.services)
      if (mentions(service, hostsOf(other))) add(service, other.name, false);
  return {
    needs: new Map(
      [...needs].map(([name, all]) => [name, [...all].map((one) => world.names.services.get(one) ?? one)]),
    ),
    todos,
  };
}
