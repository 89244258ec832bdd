import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseDocument, stringify } from "yaml";
import { systems } from "../config/systems/index.ts";
import { Failure } from "../host/failure.ts";
import { project, projectDir } from "../host/paths.ts";

/** A stack's settings as Pulumi hands them to a program: flat, with objects as JSON. */
export interface StackConfig {
  readonly values: Record<string, string>;
  /** Keys whose value is encrypted in the file. */
  readonly encrypted: readonly string[];
  readonly file: string;
}

/** Reads Pulumi.<stack>.yaml; the embedded engine's counterpart of `pulumi config`. */
export function readStackFile(stack: string): StackConfig {
  const file = join(projectDir, `Pulumi.${stack}.yaml`);
  if (!existsSync(file)) throw new Failure(`There is no stack "${stack}".`, unknownStack(stack));
  const config = (parse(readFileSync(file, "utf8"))?.config ?? {}) as Record<string, unknown>;
  const values: Record<string, string> = {};
  const encrypted: string[] = [];
  for (const [key, value] of Object.entries(config)) {
    if (isEncrypted(value)) encrypted.push(key);
    else values[key] = typeof value === "string" ? value : JSON.stringify(value);
  }
  return { values, encrypted, file };
}

/** Pulumi encrypts whole values and, with `--path`, values in them: each is an object with the one key `secure`. */
function isEncrypted(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { secure, ...others } = value as Record<string, unknown>;
  if (typeof secure === "string" && Object.keys(others).length === 0) return true;
  return Object.values(value).some(isEncrypted);
}

/** Writes a stack's file whole or not at all, whenever this is killed: these are the stack's settings. */
export function writeStackFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/** The setting with the generations of secrets. */
export const rotationsKey = `${project}:rotations`;

/** The generation of a secret that a stack's file asks for; 1 where it says nothing. */
export function generationOf(stack: string, secret: string): number {
  const noted = JSON.parse(readStackFile(stack).values[rotationsKey] ?? "{}") as Record<string, number>;
  return noted[secret] ?? 1;
}

/** Notes the generation of a secret in a stack's file; comments and every other setting stay. */
export function setGeneration(stack: string, secret: string, generation: number): void {
  const { file } = readStackFile(stack);
  const document = parseDocument(readFileSync(file, "utf8"));
  document.setIn(["config", rotationsKey, secret], generation);
  writeStackFile(file, document.toString({ lineWidth: 0 }));
}

/** The stacks that have a file. */
export function stackNames(): string[] {
  return readdirSync(projectDir).flatMap((name) => /^Pulumi\.([\w-]+)\.yaml$/.exec(name)?.[1] ?? []);
}

function unknownStack(stack: string): string {
  return (
    `Stacks here: ${stackNames().join(", ")}. A new one is a file: copy Pulumi.dev.yaml to Pulumi.${stack}.yaml and give\n` +
    `each published service another port (${project}:services: {gateway: {port: 8081}, …}).`
  );
}

/**
 * Makes the file of a stack that has none, for a named system; a stack that has one keeps its system and environment.
 * @param system "" where the user named none
 * @param environment what a new stack is for; "" is dev for a new one, and what it is for an old one
 */
export function ensureStack(
  stack: string,
  system: string,
  environment: string,
  say: (line: string) => void,
): void {
  const file = join(projectDir, `Pulumi.${stack}.yaml`);
  if (existsSync(file)) {
    const { values } = readStackFile(stack);
    const runs = values[`${project}:system`] ?? "full";
    const is = values[`${project}:environment`] ?? "dev";
    if (environment && environment !== is) {
      throw new Failure(
        `Stack "${stack}" is for ${is}, not for ${environment}.`,
        `Choose another stack, or change ${project}:environment in Pulumi.${stack}.yaml.`,
      );
    }
    if (!system || runs === system) return;
    throw new Failure(
      `Stack "${stack}" runs ${runs}, not ${system}, and a stack keeps its system: its data would be left behind.`,
      `Give the other one a stack of its own: make up SYSTEM=${system} STACK=<another name>`,
    );
  }
  if (!system) return;
  if (!Object.hasOwn(systems, system)) {
    throw new Failure(`There is no system "${system}".`, `Systems: ${Object.keys(systems).join(", ")}.`);
  }
  writeFileSync(
    file,
    stringify({
      config: { [`${project}:system`]: system, [`${project}:environment`]: environment || "dev" },
    }),
  );
  say(
    `Made Pulumi.${stack}.yaml for ${system} in ${environment || "dev"}: its settings go there (docs/reference/settings.md).`,
  );
}
