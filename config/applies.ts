import { type Problem, setCommand } from "./problem.ts";
import type { ServiceSettings, Settings } from "./schema.ts";
import { isLongRunning } from "./service.ts";
import type { Draft } from "./services/draft.ts";

/** Settings of a service that it has no use for: taken silently, they would be believed to work. */
export function withoutEffect(user: Settings, drafts: readonly Draft[]): Problem[] {
  return drafts.flatMap((draft) =>
    useless(draft, user.services[draft.name] ?? {}).map(({ key, why }) => ({
      path: `ragdock:services.${draft.name}.${key}`,
      found: "a setting without effect",
      problem: why,
      fix: `Type: pulumi config rm --path 'ragdock:services.${draft.name}.${key}'`,
    })),
  );
}

function useless(draft: Draft, user: ServiceSettings): { key: string; why: string }[] {
  const set = (key: keyof ServiceSettings): boolean => user[key] !== undefined;
  const found: { key: string; why: string }[] = [];
  const long = isLongRunning(draft);
  if (!long || !draft.endpoint) {
    for (const key of ["exposure", "port"] as const) {
      if (set(key))
        found.push({ key, why: `${draft.name} is reached through the gateway or by its own network only` });
    }
  }
  if (!long) {
    for (const key of ["replicas", "shm"] as const) {
      if (set(key)) found.push({ key, why: `${draft.name} is a job and runs once` });
    }
  }
  if (user.live && !(draft.image.from === "build" && draft.image.context === "app")) {
    found.push({ key: "live", why: `${draft.name} does not run the reference application's source` });
  }
  return found;
}

/** Services that are disabled although others cannot work without them; exporters and consoles can be left alone. */
export function disabledButNeeded(user: Settings, drafts: readonly Draft[]): Problem[] {
  const off = (name: string): boolean => user.services[name]?.enabled === false;
  return drafts
    .filter((draft) => off(draft.name))
    .flatMap(({ name }) => {
      const users = drafts.filter(
        (d) => d.after.includes(name) && !off(d.name) && d.role !== "exporter" && d.role !== "monitoring",
      );
      if (users.length === 0) return [];
      return [
        {
          path: `ragdock:services.${name}.enabled`,
          found: "false",
          problem: `${users.map((d) => d.name).join(", ")} cannot work without ${name}`,
          fix: `Type: ${setCommand(`services.${name}.enabled`, "true")}`,
        },
      ];
    });
}
