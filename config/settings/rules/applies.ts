import { canSoak } from "../../passes/soak.ts";
import { hasFile } from "../../services/project-files.ts";
import type { ServiceTemplate } from "../../services/template.ts";
import { secretsIn } from "../../spec/secrets.ts";
import { isLongRunning, type SecretSource } from "../../spec/service.ts";
import type { System } from "../../systems/system.ts";
import { type Problem, setCommand } from "../problem.ts";
import type { ServiceSettings, Settings } from "../schema.ts";

/** Settings of a service that it has no use for: taken silently, they would be believed to work. */
export function withoutEffect(user: Settings, drafts: readonly ServiceTemplate[]): Problem[] {
  return drafts.flatMap((draft) =>
    useless(draft, user.services[draft.name] ?? {}).map(({ key, why }) => ({
      path: `ragdock:services.${draft.name}.${key}`,
      found: "a setting without effect",
      problem: why,
      fix: `Type: pulumi config rm --path 'ragdock:services.${draft.name}.${key}'`,
    })),
  );
}

function useless(draft: ServiceTemplate, user: ServiceSettings): { key: string; why: string }[] {
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
  if (set("soak") && !canSoak(draft)) {
    found.push({ key: "soak", why: `${draft.name} has no check over HTTP that could be asked for a while` });
  }
  if (user.sourceMount && !draft.sourceMount) {
    found.push({
      key: "sourceMount",
      why: `${draft.name} has no source of the project that could be mounted`,
    });
  }
  return found;
}

/** Services that are disabled although others cannot work without them; exporters and consoles can be left alone. */
export function disabledButNeeded(user: Settings, drafts: readonly ServiceTemplate[]): Problem[] {
  const off = (name: string): boolean => user.services[name]?.enabled === false;
  return drafts
    .filter((draft) => off(draft.name))
    .flatMap(({ name }) => {
      const users = drafts.filter(
        (d) => d.dependsOn.includes(name) && !off(d.name) && d.role !== "exporter" && d.role !== "monitoring",
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

/** General settings that this system has no use for, or not in this way. */
export function meaningless(
  user: Settings,
  raw: Readonly<Record<string, unknown>>,
  system: System,
  drafts: readonly ServiceTemplate[],
): Problem[] {
  const watched = drafts.some((d) => d.role === "monitoring");
  const useless = [
    {
      key: "vectorStore",
      meant: system.vectorStore !== undefined,
      why: "has one place for its vectors, or none",
    },
    { key: "embeddings", meant: system.models !== undefined, why: "makes no vectors by a model" },
    { key: "llm", meant: system.models !== undefined, why: "asks no language model" },
    { key: "app", meant: system.takesApp === true, why: "runs its own application; full takes yours" },
    {
      key: "postgresVersion",
      meant: system.anyPostgres === true,
      why: "has a version of its own, or no PostgreSQL",
    },
    { key: "monitoring", meant: watched, why: "has no Prometheus" },
    {
      key: "monitoring.alertWebhook",
      meant: !watched || drafts.some((d) => d.name === "alertmanager"),
      why: "has no Alertmanager that could send anything",
    },
    {
      key: "embeddings.dimension",
      meant: !system.models || system.takesApp === true,
      why: "knows the dimension of each model by itself",
    },
    {
      key: "app.module",
      meant: user.app?.source !== undefined && !hasFile(user.app.source, "Dockerfile"),
      why: "is told what to run by the image or the Dockerfile",
    },
  ].filter(({ key, meant }) => !meant && isSet(raw, key));
  const allowed = system.vectorStore?.allowed;
  const store = user.vectorStore;
  return [
    ...useless.map(({ key, why }) => ({
      path: `ragdock:${key}`,
      found: "a setting without effect",
      problem: `${user.system} ${why}`,
      fix: `Type: pulumi config rm ragdock:${key}`,
    })),
    ...(allowed && store && !allowed.includes(store)
      ? [
          {
            path: "ragdock:vectorStore",
            found: `"${store}"`,
            problem: `${user.system} takes ${allowed.join(" or ")}`,
            fix: `Type: ${setCommand("vectorStore", allowed[0] as string)}`,
          },
        ]
      : []),
  ];
}

/** Whether the user has set what stands at a dotted path. */
const isSet = (raw: unknown, path: string): boolean =>
  path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], raw) !==
  undefined;

/** Addresses of a store in which its password stands beside another user than the one it belongs to. */
function otherUsers(content: string): { found: string; user: string }[] {
  const addresses = content.matchAll(/\/\/(\S*?):\{\{secret:(postgres|redis)-password\}\}/g);
  return [...addresses].flatMap(([found, given, store]) => {
    const user = `{{secret:${store}-user}}`;
    return given === user ? [] : [{ found, user }];
  });
}

/** Files of a user that would not be what they look like: a place for a secret that is none, a path that is taken. */
export function wrongFiles(
  user: Settings,
  drafts: readonly ServiceTemplate[],
  secrets: Readonly<Record<string, SecretSource>>,
): Problem[] {
  const known = Object.keys(secrets).join(", ") || "none";
  return Object.entries(user.services).flatMap(([name, { files = [] }]) => {
    const taken = drafts.find((d) => d.name === name)?.files.map((f) => f.path) ?? [];
    return files.flatMap((file, index) => {
      const path = `ragdock:services.${name}.files[${index}]`;
      const places = file.content.match(/\{\{[^}]*secret[^}]*\}\}/gi) ?? [];
      const wrong = places.filter(
        (place) => !secretsIn(place).some((secret) => Object.hasOwn(secrets, secret)),
      );
      return [
        ...otherUsers(file.content).map(({ found, user }) => ({
          path: `${path}.content`,
          found,
          problem: "the password belongs to a user of its own, whose name changes when it is rotated",
          fix: `Write ${user} as the user.`,
        })),
        ...wrong.map((found) => ({
          path: `${path}.content`,
          found,
          problem: `a place for a secret is written {{secret:NAME}}, and the system's secrets are ${known}`,
          fix: "Correct it.",
        })),
        ...(taken.includes(file.path)
          ? [
              {
                path: `${path}.path`,
                found: `"${file.path}"`,
                problem: `${name} has a file of its own there`,
                fix: "Choose another path.",
              },
            ]
          : []),
      ];
    });
  });
}
