import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { buildLogs } from "../../config/images.ts";
import { describe } from "../../host/describe.ts";
import { containersOf, isWell } from "../../host/docker.ts";
import type { Finding } from "../../host/finding.ts";
import { projectDir } from "../../host/paths.ts";

/** The end of the log of every image build that failed since `begun` (milliseconds since 1970). */
export function failedBuilds(begun: number): string[] {
  const folder = join(projectDir, buildLogs);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).mtimeMs >= begun)
    .map((file) => ({ file, lines: readFileSync(file, "utf8").trimEnd().split("\n") }))
    .filter(({ lines }) => lines.slice(-40).some((line) => /^ERROR|^#\d+ ERROR/.test(line)))
    .map(
      ({ file, lines }) =>
        `The end of the build log (the whole log: ${file}):\n    ${lines.slice(-20).join("\n    ")}`,
    );
}

/** Describes every container that is not healthy, and every job that has not succeeded. */
export async function diagnose(stack: string): Promise<Finding[]> {
  const unhealthy = (await containersOf(stack)).filter((c) => !isWell(c));
  return Promise.all(unhealthy.map((c) => describe(stack, c)));
}
