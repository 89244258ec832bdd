import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "yaml";

/** The checkout. */
export const projectDir = resolve(import.meta.dirname, "..");

/** The project's name, from Pulumi.yaml. */
export const project: string = parse(readFileSync(join(projectDir, "Pulumi.yaml"), "utf8")).name;

/** The folder of the local state backends: `$XDG_STATE_HOME/ragdock`. It outlives a checkout. */
export const stateDir = join(process.env.XDG_STATE_HOME ?? join(homedir(), ".local", "state"), "ragdock");

/** The file with the passphrase that encrypts local state. Only its owner can read it. */
export const passphraseFile = join(stateDir, "passphrase");

/**
 * The passphrase. It is generated at the first use. A team's own (PULUMI_CONFIG_PASSPHRASE or
 * PULUMI_CONFIG_PASSPHRASE_FILE) comes first.
 * @param say told once, when the file is generated
 */
export function passphrase(say: (line: string) => void): string {
  const given = process.env.PULUMI_CONFIG_PASSPHRASE;
  if (given !== undefined) return given;
  const file = process.env.PULUMI_CONFIG_PASSPHRASE_FILE ?? passphraseFile;
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  writeFileSync(passphraseFile, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  say(`State is kept in ${stateDir}. The passphrase in ${passphraseFile} encrypts it: back that file up.`);
  return readFileSync(passphraseFile, "utf8").trim();
}
