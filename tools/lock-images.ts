/** `make lock-images`: writes the digest of every pulled image into config/images.lock.json. Needs the registries. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { images } from "../config/images.ts";
import { projectDir } from "../host/paths.ts";

const run = promisify(execFile);
const references = [...new Set(Object.values(images).map((image) => image.reference))].sort();
const failures: string[] = [];
const lock: Record<string, string> = {};
for (const reference of references) {
  try {
    const { stdout } = await run("docker", [
      "buildx",
      "imagetools",
      "inspect",
      reference,
      "--format",
      "{{.Manifest.Digest}}",
    ]);
    lock[reference] = stdout.trim();
    process.stdout.write(`${reference}  ${lock[reference]}\n`);
  } catch (error) {
    failures.push(`${reference}: ${(error as { stderr?: string }).stderr?.trim() || String(error)}`);
  }
}
if (failures.length > 0) {
  process.exitCode = 1;
  process.stderr.write(`\nNothing was written: these did not answer.\n  ${failures.join("\n  ")}\n`);
} else {
  writeFileSync(join(projectDir, "config/images.lock.json"), `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write("\nwrote config/images.lock.json: commit it, and `make up` pulls exactly these.\n");
}
