import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { Failure } from "../config/spec/failure.ts";

/** The folder of the checkout. */
export const projectDir = resolve(import.meta.dirname, "..");

/** The absolute path for a path in the settings. A relative path starts at the checkout. */
export const hostPath = (path: string): string => resolve(projectDir, path);

/** The project's name, from Pulumi.yaml. */
export const project: string = parse(readFileSync(join(projectDir, "Pulumi.yaml"), "utf8")).name;

/**
 * The folder of the local state backends: `$XDG_STATE_HOME/ragdock`. It stays when a checkout is
 * deleted.
 */
export const stateDir = join(process.env.XDG_STATE_HOME ?? join(homedir(), ".local", "state"), "ragdock");

/** The file with the passphrase that encrypts local state. Only its owner can read it. */
export const passphraseFile = join(stateDir, "passphrase");

/**
 * Returns the passphrase. The first use generates it. PULUMI_CONFIG_PASSPHRASE and
 * PULUMI_CONFIG_PASSPHRASE_FILE take precedence, so that a team can share one.
 * @param say called once, when the file is generated
 * @throws Failure if the folder cannot be written
 */
export function passphrase(say: (line: string) => void): string {
  const given = process.env.PULUMI_CONFIG_PASSPHRASE;
  if (given !== undefined) return given;
  const file = process.env.PULUMI_CONFIG_PASSPHRASE_FILE ?? passphraseFile;
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    writeFileSync(passphraseFile, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    throw new Failure(
      `Ragdock cannot write its state: ${(error as Error).message}`,
      "Set XDG_STATE_HOME to a folder that this user can write: export XDG_STATE_HOME=/srv/ragdock",
    );
  }
  say(
    `Ragdock keeps its state in ${stateDir}, encrypted with the passphrase in ${passphraseFile}. Back up that file.`,
  );
  return readFileSync(passphraseFile, "utf8").trim();
}
