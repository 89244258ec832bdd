import { scryptSync } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { type Facts, resolveSystem } from "../config/resolve.ts";
import { requireCertificate } from "../config/services/certificate-files.ts";
import { readSettings } from "../config/settings/read.ts";
import { userSecrets } from "../config/settings/schema.ts";
import { Failure } from "../config/spec/failure.ts";
import { registryOf } from "../config/spec/image.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { targetOf } from "../config/spec/target.ts";
import { runError, shown } from "./reader.ts";

/** Lines and messages of a run, as the user of this deployment needs them. */
export const log = {
  say: (line: string): void => console.log(line),
  warn: (message: string): Promise<void> => pulumi.log.warn(shown(message)),
  error: (message: string): Promise<void> => pulumi.log.error(shown(message)),
} as const;

/** The stack's configuration as Pulumi passes it to the program. */
export function readConfig() {
  const config = new pulumi.Config();
  const provider = new pulumi.Config("docker");
  const project = pulumi.getProject();
  const prefix = `${project}:`;
  // The SDK has no function for it: which values the stack's file keeps encrypted.
  const encrypted = (JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS ?? "[]") as string[])
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
  const secrets = Object.fromEntries(
    [...new Set([...Object.keys(userSecrets), ...encrypted])].flatMap((key) => {
      const value = config.getSecret(key);
      return value ? [[key, value] as const] : [];
    }),
  );
  const settings = readSettings(pulumi.runtime.allConfig(), project);
  const hidden = new Set([...Object.keys(secrets), ...encrypted]);
  const open = Object.entries(pulumi.runtime.allConfig()).filter(
    ([key]) => key.startsWith(prefix) && !hidden.has(key.slice(prefix.length)),
  );
  return {
    stack: { project, stack: pulumi.getStack() },
    /** The settings, parsed. */
    settings,
    /** The settings that are not secret, as text. */
    texts: Object.fromEntries(open.map(([key, value]) => [key.slice(prefix.length), value])),
    secrets,
    secretVersions: Object.fromEntries(
      Object.keys(secrets).map((key) => [
        key,
        versionOf(pulumi.runtime.allConfig()[prefix + key] ?? "", prefix),
      ]),
    ),
    /** Names of the settings that are kept encrypted. */
    encrypted: hidden as ReadonlySet<string>,
    docker: {
      host: provider.get("host"),
      context: provider.get("context"),
      target: targetOf(settings.target),
    },
    /** The registries in `docker:registryAuth`, from which the Docker provider itself pulls. */
    registryAuth: registriesOf(pulumi.runtime.allConfig()["docker:registryAuth"]),
  };
}

/** Resolves the system of a stack, and refuses secrets that it could not use. @throws Failure */
export function usableSystem(settings: Readonly<Record<string, unknown>>, facts: Facts): SystemSpec {
  const system = resolveSystem(settings, facts);
  requireUsableSecrets(system);
  const why = Object.entries(system.unavailable).map(([name, reason]) => [name, shown(reason)] as const);
  return { ...system, unavailable: Object.fromEntries(why) };
}

/** Refuses values of the user's secrets that the system could not use. @throws Failure */
export function requireUsableSecrets(system: SystemSpec): void {
  const prefix = `${pulumi.getProject()}:`;
  const values = Object.entries(pulumi.runtime.allConfig()).map(
    ([key, value]) => [key.replace(prefix, ""), value] as const,
  );
  requireCertificate(system, Object.fromEntries(values));
}

/**
 * A text that changes with a secret but does not reveal it. It becomes a part of the names of
 * revisions, which others can read, so guesses must be slow: scrypt takes 50 ms for each.
 */
const versionOf = (value: string, salt: string): string => scryptSync(value, salt, 16).toString("hex");

/** The registries of the setting `docker:registryAuth`, a list of logins as JSON. */
const registriesOf = (text = "[]"): string[] =>
  (JSON.parse(text) as readonly { readonly address: string }[]).map(({ address }) =>
    registryOf(`${address.replace(/^https?:\/\//, "").replace(/\/.*/, "")}/`),
  );

/** Runs `work`. A user's mistake ends the program with its message alone, without a stack trace. */
export async function explained<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Failure ? runError(error) : error;
  }
}

/** A function whose mistakes of the user end the program with their message alone. */
export const explaining =
  <Args extends unknown[], T>(work: (...args: Args) => Promise<T>) =>
  (...args: Args): Promise<T> =>
    explained(() => work(...args));
