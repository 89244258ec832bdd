/**
 * `make lock-images`: writes the digests of all pulled images to config/images.lock.json. It asks
 * their registries.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pulledReferences } from "../config/images.ts";
import { projectDir } from "../host/paths.ts";
import { digestOf } from "./image-digest.ts";

const failures: string[] = [];
const lock: Record<string, string> = {};
for (const reference of pulledReferences) {
  try {
    lock[reference] = await digestOf(reference);
    process.stdout.write(`${reference}  ${lock[reference]}\n`);
  } catch (error) {
    const { message, cause } = error as Error;
    failures.push(`${reference}: ${message}${cause instanceof Error ? ` (${cause.message})` : ""}`);
  }
}
if (failures.length > 0) {
  process.exitCode = 1;
  process.stderr.write(
    `\nThese registries gave no digest. No file was written.\n  ${failures.join("\n  ")}\n`,
  );
} else {
  writeFileSync(join(projectDir, "config/images.lock.json"), `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(
    "\nWrote config/images.lock.json. Commit it: `make up` then pulls exactly these images.\n",
  );
}
