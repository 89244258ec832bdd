import { settings as schema, userSecrets } from "../settings/schema.ts";
import type { Secret } from "../spec/content.ts";
import { removeCommand, secretCommand, toRun } from "../spec/message.ts";
import { type Problem, problem } from "../spec/problem.ts";
import type { Context } from "./module.ts";
import { readVariables } from "./own-app-env.ts";
import type { SecretHolder } from "./own-app-settings.ts";
import { placeholderProblems } from "./placeholders.ts";
import { hasFile } from "./project-files.ts";

/**
 * Problems of the setting `secrets` of an application.
 * @param usable the secrets that its texts may use, by name
 */
export function secretProblems(
  ctx: Context,
  app: SecretHolder,
  apps: readonly SecretHolder[],
  usable: ReadonlyMap<string, Secret>,
  whose = "with its `needs`, the application may use",
): Problem[] {
  return Object.entries(app.secrets ?? {}).flatMap(([name, how]) => {
    const path = `${app.setting}.secrets.${name}`;
    if (typeof how !== "string")
      return [...placeholderProblems(path, how, usable, whose), ...variableTwice(ctx, app, name, path)];
    const first = apps.find(({ secrets = {} }) => typeof secrets[name] === "string") ?? app;
    const other = first.secrets?.[name];
    return [
      ...(how === "ask" && first.setting === app.setting
        ? [...reserved(name, path), ...unset(ctx, name, path)]
        : []),
      ...(other === how
        ? []
        : [
            problem(
              path,
              `"${how}"`,
              `${first.name} has "${String(other)}" for this variable, but both must get the same value`,
              "Write the same for both.",
            ),
          ]),
      ...variableTwice(ctx, app, name, path),
    ];
  });
}

/** The key of a secret is a key of the stack's file, like the settings. */
function reserved(name: string, path: string): Problem[] {
  if (!Object.hasOwn(schema.shape, name) && !Object.hasOwn(userSecrets, name)) return [];
  const fix = `Give it another name, such as APP_${name.toUpperCase()}, and write: ${name}: "{{secret:APP_${name.toUpperCase()}}}"`;
  return [problem(path, '"ask"', `ragdock:${name} is a setting of Ragdock`, fix)];
}

function unset({ secrets }: Context, name: string, path: string): Problem[] {
  if (secrets.has(name)) return [];
  return [problem(path, "nothing", `ragdock:${name} is not set`, `${toRun}${secretCommand(name)}`)];
}

/**
 * `docker inspect` would show the value of the plain variable, and the application would not get
 * it.
 */
function variableTwice({ settings }: Context, app: SecretHolder, name: string, path: string): Problem[] {
  const { env = {}, envFile, setting } = app;
  const own = `services.${app.name}.environment`;
  const inFile = envFile !== undefined && hasFile(envFile) && name in readVariables(envFile);
  const places = [
    ...(name in env ? [[`${setting}.env`, `${toRun}${removeCommand(`${setting}.env.${name}`)}`]] : []),
    ...(inFile ? [[`${setting}.envFile`, `Remove the variable from ${envFile}.`]] : []),
    ...(name in (settings.services[app.name]?.environment ?? {})
      ? [[own, `${toRun}${removeCommand(`${own}.${name}`)}`]]
      : []),
  ] as const;
  return places.map(([where = "", fix = ""]) =>
    problem(path, `the variable is also in ${where}`, "`docker inspect` shows that value", fix),
  );
}
