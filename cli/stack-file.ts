import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { parseDocument, stringify } from "yaml";
import { readStackText, type StackText } from "../config/settings/stack-text.ts";
import { rotationsKey } from "../config/spec/deployment.ts";
import { Failure } from "../config/spec/failure.ts";
import { shellWord } from "../config/spec/message.ts";
import { targetOf } from "../config/spec/target.ts";
import { findSystem } from "../config/systems/find.ts";
import { writeAtomic } from "../engine/index.ts";
import type { DockerSettings } from "../host/endpoint.ts";
import { project, projectDir } from "../host/paths.ts";
import { namesCommand, print, stackOption } from "./command.ts";

/** The settings of a stack's file. */
export interface StackConfig extends StackText {
  readonly file: string;
}

let configFile: string | undefined;

/** The file that is not a copy, while a command works on one. */
let original: string | undefined;

/** Uses another file for the stack's settings, as Pulumi's `--config-file` does. */
export function useConfigFile(path: string): void {
  configFile = resolve(path);
}

/**
 * The settings of a stack's file that select its Docker host. Returns no settings if the file does
 * not exist.
 */
export function dockerSettingsOf(stack: string): DockerSettings {
  if (!existsSync(stackFile(stack))) return {};
  const { values } = readStackFile(stack);
  const target = targetOf(values[`${project}:target`]);
  return { host: values["docker:host"], context: values["docker:context"], target };
}

export const stackFile = (stack: string): string => configFile ?? join(projectDir, `Pulumi.${stack}.yaml`);

/** The file with the settings of a stack, also while a command works on a copy. */
export const namedFile = (stack: string): string => original ?? stackFile(stack);

export const givenConfigFile = (): string | undefined => configFile;

/**
 * The option that commands in a message need if the stack's settings are in another file. Empty if
 * the file is the usual one, or if the message has no command.
 */
export function fileHint(message: string): string {
  if (configFile === undefined || !namesCommand(message)) return "";
  const path = shellWord(relative(projectDir, configFile));
  return `The settings are in ${path}: add CONFIG_FILE=${path} to make, and --config-file ${path} to pulumi and ragdock.`;
}

/**
 * The option that commands in an error need for a stack that is not the default one. Empty if the
 * error has no command, or if each line with a command names the stack.
 * @param commands the commands that take a stack
 */
export function stackHint(stack: string, message: string, commands: readonly string[]): string {
  const named = new RegExp(`(^|[\\s\`(])(make|\\./ragdock) (${commands.join("|")})(?![\\w-])`);
  const isShort = (line: string): boolean => named.test(line) && !/\bSTACK=|--stack\b/.test(line);
  if (stack === stackOption.default || !message.split("\n").some(isShort)) return "";
  return `Add STACK=${stack} to make, and --stack ${stack} to ./ragdock.`;
}

/** Runs `work` on a copy of a stack's file, so that its changes are lost afterwards. */
export async function onCopyOfSettings<T>(stack: string, work: () => Promise<T>): Promise<T> {
  const given = configFile;
  const file = stackFile(stack);
  const folder = mkdtempSync(join(tmpdir(), "ragdock-preview-"));
  const copy = join(folder, basename(file));
  if (existsSync(file)) copyFileSync(file, copy);
  original = file;
  configFile = copy;
  try {
    return await work();
  } finally {
    configFile = given;
    original = undefined;
    rmSync(folder, { recursive: true });
  }
}

/** Reads a stack's file, as `pulumi config` does for Pulumi. */
export function readStackFile(stack: string): StackConfig {
  const file = stackFile(stack);
  if (!existsSync(file))
    throw new Failure(
      `Stack "${stack}" has no settings here: ${relative(projectDir, file)} does not exist.`,
      unknownStack(stack),
    );
  return { ...readStackText(readFileSync(file, "utf8"), basename(file), project), file };
}

/** Whether a stack's file has a setting, given with its full name. It may be encrypted. */
export function hasSetting(stack: string, key: string): boolean {
  const { values, encrypted } = readStackFile(stack);
  return key in values || encrypted.includes(key);
}

/** The settings of a stack that are not encrypted, without `ragdock:`. */
export const ownSettings = (stack: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(readStackFile(stack).values)
      .filter(([key]) => key.startsWith(`${project}:`))
      .map(([key, value]) => [key.slice(project.length + 1), value]),
  );

/** The system that a stack's file names. */
export const systemSetting = (stack: string): string => ownSettings(stack).system ?? "full";

/**
 * Changes settings in a stack's file. Comments and all other settings stay.
 * @param changes values by path; undefined removes one
 */
export function changeSettings(
  stack: string,
  changes: readonly (readonly [path: readonly string[], value: unknown])[],
): void {
  const { file } = readStackFile(stack);
  const document = parseDocument(readFileSync(file, "utf8"), { merge: true });
  // An empty `config:` is null.
  if (!document.get("config")) document.set("config", document.createNode({}));
  for (const [[first = "", ...rest], value] of changes) {
    const key = document.hasIn(["config", first]) ? first : `${project}:${first}`;
    const path = ["config", key, ...rest];
    if (value === undefined) document.deleteIn(path);
    else document.setIn(path, value);
  }
  writeAtomic(file, document.toString({ lineWidth: 0 }));
}

/** The generation of a secret in a stack's file. The default is 1. */
export function generationOf(stack: string, secret: string): number {
  const noted = JSON.parse(ownSettings(stack)[rotationsKey] ?? "{}") as Record<string, number>;
  return noted[secret] ?? 1;
}

export const setGeneration = (stack: string, secret: string, generation: number): void =>
  changeSettings(stack, [[[rotationsKey, secret], generation]]);

/** The stacks that have a file in a checkout. */
export const stackNames = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => /^Pulumi\.([\w.-]+)\.yaml$/.exec(name)?.[1] ?? []);

const unknownStack = (stack: string): string =>
  "If its settings are in another file, add CONFIG_FILE=<path> to make, or --config-file <path> to ragdock.\n" +
  `Stacks here: ${stackNames(projectDir).join(", ")}. To create another one, copy Pulumi.dev.yaml to Pulumi.${stack}.yaml and give\n` +
  `each published service another port (${project}:services: {gateway: {port: 8081}, …}).`;

/**
 * Creates the file of a stack that has none, for a named system. A stack with a file keeps its
 * system and environment.
 * @param environment what a new stack is for: dev unless it is named
 */
export function ensureStack(
  stack: string,
  system: string | undefined,
  environment: string | undefined,
): void {
  const file = stackFile(stack);
  if (existsSync(file)) {
    requireSame(stack, system, environment);
    return;
  }
  if (!system) return;
  const found = findSystem(system);
  if ("problem" in found)
    throw new Failure(`System "${system}" cannot be used: ${found.problem.problem}.`, found.problem.fix);
  const config = {
    [`${project}:system`]: system,
    [`${project}:environment`]: environment ?? "dev",
    // The same as in Pulumi.prod.yaml.
    ...(environment === "prod"
      ? { [`${project}:ingress`]: { tls: "internal", signIn: { users: true } } }
      : {}),
  };
  writeAtomic(file, stringify({ config }));
  print(
    `Created ${basename(file)} for ${system} in ${environment ?? "dev"}. Write the settings of the stack there: docs/reference/settings.md.`,
  );
}

function requireSame(stack: string, system: string | undefined, environment: string | undefined): void {
  const values = ownSettings(stack);
  const runs = systemSetting(stack);
  const is = values.environment ?? "dev";
  if (environment && environment !== is)
    throw new Failure(
      `Stack "${stack}" is for ${is}, not for ${environment}.`,
      `Choose another stack, or change ${project}:environment in ${stackFile(stack)}.`,
    );
  if (system && system !== runs)
    throw new Failure(
      `Stack "${stack}" runs ${runs}, not ${system}. A stack cannot change its system, because its data would be left behind.`,
      `Give the other system its own stack: make up SYSTEM=${system} STACK=${system}`,
    );
}
