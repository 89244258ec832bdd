import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { requireCertificate, secretProblems } from "../../config/services/certificate-files.ts";
import { ConfigError } from "../../config/settings/problem.ts";
import { userSecrets } from "../../config/settings/schema.ts";
import { Failure } from "../../config/spec/failure.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { readSealed, writeSealed } from "../../engine/index.ts";
import { passphrase, project, stateDir } from "../../host/paths.ts";
import { print } from "../command.ts";
import { deployerOf } from "./deployer.ts";

const file = (stack: string): string => join(stateDir, `${project}.${stack}.secrets`);

/**
 * The user's secrets of a stack for the embedded engine, by config key. Pulumi keeps its own in the
 * stack's file.
 */
export async function readSecrets(stack: string, say = print): Promise<Record<string, string>> {
  // Without secrets, a command that only reads needs no passphrase.
  if (!existsSync(file(stack))) return {};
  try {
    return (await readSealed<Record<string, string>>(file(stack), passphrase(say))) ?? {};
  } catch (error) {
    throw new Failure(
      `The secrets of stack "${stack}" cannot be read: ${(error as Error).message}.`,
      "Restore the passphrase file that was in use when the secrets were set.",
    );
  }
}

/**
 * Refuses secrets that the system could not use, before anything is built. The program checks these
 * secrets again. Only the program can read those that Pulumi keeps.
 * @throws Failure
 */
export async function requireUsableSecrets(stack: string, system: SystemSpec): Promise<void> {
  if (deployerOf(stack) !== "embedded") return;
  requireCertificate(system, await secretsByName(stack));
}

/** The user's secrets of a stack, by the names that the settings have for them. */
const secretsByName = async (stack: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(await readSecrets(stack)).map(([key, value]) => [key.replace(`${project}:`, ""), value]),
  );

/** Deletes the user's secrets of a stack. Returns the names of the deleted secrets. */
export async function removeSecrets(stack: string): Promise<string[]> {
  const names = Object.keys(await secretsByName(stack));
  rmSync(file(stack), { force: true });
  return names;
}

/** @param asked the secrets that the stack's applications ask for */
export async function writeSecret(
  stack: string,
  key: string,
  value: string,
  asked: readonly string[],
): Promise<void> {
  const known = [...Object.keys(userSecrets), ...asked];
  if (!known.includes(key))
    throw new Failure(
      `Secret "${key}" does not exist.`,
      `Secrets that can be set: ${known.join(", ")}. For another name, add it first under \`secrets\` of an application, as ${key || "API_KEY"}: ask.`,
    );
  const problems = secretProblems(key, value);
  if (problems.length > 0) throw new ConfigError(problems);
  const all = { ...(await readSecrets(stack)), [`${project}:${key}`]: value };
  await writeSealed(file(stack), passphrase(print), all);
}
