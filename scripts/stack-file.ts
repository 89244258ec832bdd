import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { Failure } from "./failure.ts";
import { project, projectDir } from "./place.ts";

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

const isEncrypted = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "secure" in value;

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
