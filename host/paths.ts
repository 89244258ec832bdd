import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "yaml";

/** The checkout. */
export const projectDir = resolve(import.meta.dirname, "..");

/** The project's name, from Pulumi.yaml. */
export const project: string = parse(readFileSync(join(projectDir, "Pulumi.yaml"), "utf8")).name;

/** Where state is kept that outlives a checkout: `$XDG_STATE_HOME/ragdock`. */
export const stateDir = join(process.env.XDG_STATE_HOME ?? join(homedir(), ".local", "state"), "ragdock");

/** The file with the passphrase under which state is encrypted; only its owner reads it. */
export const passphraseFile = join(stateDir, "passphrase");

/**
 * The passphrase, made at the first use.
 * A team's own (PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE) comes first.
 * @param say told once, when the file is made
 */
export function passphrase(say: (line: string) => void): string {
  const given = process.env.PULUMI_CONFIG_PASSPHRASE;
  if (given !== undefined) return given;
  const file = process.env.PULUMI_CONFIG_PASSPHRASE_FILE ?? passphraseFile;
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  writeFileSync(passphraseFile, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  say(`State is kept in ${stateDir}, encrypted with the passphrase in ${passphraseFile}: back that file up.`);
  return readFileSync(passphraseFile, "utf8").trim();
}

/** What an `up` that ended well was made of. */
export interface Deployment {
  /** ISO 8601. */
  readonly at: string;
  /** The text of Pulumi.<stack>.yaml. */
  readonly settings: string;
  /** References of its images by part. */
  readonly images: Readonly<Record<string, string>>;
}

/**
 * What tells a volume from another one of the same name. The engine's own CreatedAt does not: up to Engine 20.10 it is
 * the time of the last change in the volume's folder (moby, volume/local, CreatedAt of the data path).
 */
export interface VolumeMark {
  /** A volume made by hand has none. */
  readonly labels: Readonly<Record<string, string>>;
  /** When its folder was made, in ms since 1970, where this process may look: as root, on the engine's own host. */
  readonly born?: number;
}

/** Facts about a stack that are not part of its settings, such as the engine that made it. */
export interface StackRecord {
  readonly engine?: "pulumi" | "embedded";
  readonly images?: "registry" | "packages";
  /** The last ones, newest last. */
  readonly deployments?: readonly Deployment[];
  /** The volumes that it had its data in when it last came up well, by full name. */
  readonly volumes?: Readonly<Record<string, VolumeMark>>;
}

const recordFile = (stack: string): string => join(stateDir, `${project}-${stack}.memo.json`);

/** What is remembered of a stack. */
export function readRecord(stack: string): StackRecord {
  return existsSync(recordFile(stack)) ? JSON.parse(readFileSync(recordFile(stack), "utf8")) : {};
}

/** Adds to what is remembered of a stack. */
export function record(stack: string, memo: StackRecord): void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  writeFileSync(recordFile(stack), `${JSON.stringify({ ...readRecord(stack), ...memo })}\n`, { mode: 0o600 });
}
