/**
 * `make lock-images`: writes the digests of all pulled images to config/images.lock.json. It asks
 * their registries.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { images } from "../config/images.ts";
import { docker } from "../host/docker.ts";
import { projectDir } from "../host/paths.ts";

const references = [...new Set(Object.values(images).map((image) => image.reference))].sort();
const failures: string[] = [];
const lock: Record<string, string> = {};
for (const reference of references) {
  try {
    const format = ["--format", "{{.Manifest.Digest}}"];
    lock[reference] = (await docker("buildx", "imagetools", "inspect", reference, ...format)).trim();
    process.stdout.write(`${reference}  ${lock[reference]}\n`);
  } catch (error) {
    failures.push(`${reference}: ${(error as { stderr?: string }).stderr?.trim() || String(error)}`);
  }
}
if (failures.length > 0) {
  process.exitCode = 1;
  process.stderr.write(
    `\nThese images could not be inspected. Nothing was written.\n  ${failures.join("\n  ")}\n`,
  );
} else {
  writeFileSync(join(projectDir, "config/images.lock.json"), `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(
    "\nWrote config/images.lock.json. Commit it: `make up` then pulls exactly these images.\n",
  );
}
