import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { buildLogs } from "../../config/images.ts";
import { describe } from "../../host/describe.ts";
import { containersOf, isWell } from "../../host/docker.ts";
import type { Finding } from "../../host/finding.ts";
import { projectDir } from "../../host/paths.ts";
import { pullAdvice } from "../../host/pull-advice.ts";

/** The end of the log of every image build that failed since `begun` (milliseconds since 1970). */
export function failedBuilds(begun: number): string[] {
  const folder = join(projectDir, buildLogs);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).mtimeMs >= begun)
    .map((file) => ({ file, lines: readFileSync(file, "utf8").trimEnd().split("\n") }))
    .filter(({ lines }) => lines.slice(-40).some((line) => /^ERROR|^#\d+ ERROR/.test(line)))
    .map(({ file, lines }) => {
      const end = `The end of the build log (the whole log: ${file}):\n    ${lines.slice(-20).join("\n    ")}`;
      return [end, ...baseAdvice(lines)].join("\n");
    });
}

/** The fix, if a build failed because its base image could not be pulled. */
export function baseAdvice(lines: readonly string[]): string[] {
  const log = lines.slice(-40).join("\n");
  const metadata = log.matchAll(
    /^#(\d+) \[internal\] load metadata for (?:docker\.io\/(?:library\/)?)?(\S+)$/gm,
  );
  const advice = [...metadata].flatMap(([, step, image = ""]) => {
    const reason = new RegExp(`^#${step} ERROR: (.+)$`, "m").exec(log)?.[1];
    return reason === undefined ? [] : [pullAdvice(image, reason)];
  });
  return [...new Set(advice)];
}

/** Describes every container that is not healthy, and every job that has not succeeded. */
export async function diagnose(stack: string): Promise<Finding[]> {
  const unhealthy = (await containersOf(stack)).filter((c) => !isWell(c));
  return Promise.all(unhealthy.map((c) => describe(stack, c)));
}
