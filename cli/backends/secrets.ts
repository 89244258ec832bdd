import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { userSecrets } from "../../config/settings/schema.ts";
import { Failure } from "../../host/failure.ts";
import { project, stateDir } from "../../host/paths.ts";

const file = (stack: string): string => join(stateDir, `${project}-${stack}.secrets`);

/** The user's secrets of a stack for the embedded engine, by config key; Pulumi keeps its own in the stack's file. */
export function readSecrets(stack: string, passphrase: string): Record<string, string> {
  if (!existsSync(file(stack))) return {};
  const sealed = readFileSync(file(stack));
  const decipher = createDecipheriv(
    "aes-256-gcm",
    scryptSync(passphrase, sealed.subarray(0, 16), 32),
    sealed.subarray(16, 28),
  );
  decipher.setAuthTag(sealed.subarray(28, 44));
  try {
    return JSON.parse(
      Buffer.concat([decipher.update(sealed.subarray(44)), decipher.final()]).toString("utf8"),
    );
  } catch {
    throw new Failure(
      `The secrets of stack "${stack}" do not open with this passphrase.`,
      "Restore the passphrase file that was in use when they were set.",
    );
  }
}

/** Sets one of the user's secrets. */
export function writeSecret(stack: string, passphrase: string, key: string, value: string): void {
  if (!Object.hasOwn(userSecrets, key)) {
    throw new Failure(
      `There is no secret "${key}".`,
      `Secrets that can be set: ${Object.keys(userSecrets).join(", ")}.`,
    );
  }
  const all = { ...readSecrets(stack, passphrase), [`${project}:${key}`]: value };
  const [salt, iv] = [randomBytes(16), randomBytes(12)];
  const cipher = createCipheriv("aes-256-gcm", scryptSync(passphrase, salt, 32), iv);
  const body = Buffer.concat([cipher.update(JSON.stringify(all), "utf8"), cipher.final()]);
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  writeFileSync(file(stack), Buffer.concat([salt, iv, cipher.getAuthTag(), body]), { mode: 0o600 });
}
