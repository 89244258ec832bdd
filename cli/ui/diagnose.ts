import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { buildLogs } from "../../config/images.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { describe } from "../../host/describe.ts";
import { containersOf, isWell } from "../../host/docker.ts";
import type { Finding } from "../../host/finding.ts";
import { projectDir } from "../../host/paths.ts";
import { baseImageAdvice } from "../../host/pull-advice.ts";
import { buildFailure } from "./build-log.ts";

type Images = SystemSpec["images"];

/** Lines shown of the step that failed. */
const shownLines = 20;

/** Describes every image build of a stack that failed since `begun` (milliseconds since 1970). */
export function failedBuilds(stack: string, images: Images, begun: number): string[] {
  const folder = join(projectDir, buildLogs, stack);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => ({ name, file: join(folder, name) }))
    .filter(({ file }) => statSync(file).mtimeMs >= begun)
    .map((log) => ({ ...log, lines: readFileSync(log.file, "utf8").trimEnd().split("\n") }))
    .filter(({ lines }) => lines.slice(-40).some((line) => /^ERROR|^#\d+ ERROR/.test(line)))
    .map(({ name, file, lines }) => failedBuild(name.replace(/\.log$/, ""), file, lines, images));
}

/** The cause first, and the end of the log after it. */
export function failedBuild(image: string, file: string, log: readonly string[], images?: Images): string {
  // The file has earlier builds too. Their failures may already be fixed.
  const begin = log.findLastIndex((line) => line.startsWith("#0 building with "));
  const lines = log.slice(Math.max(0, begin));
  const failure = buildFailure(image, lines);
  const shown = (failure?.output.length ? failure.output : lines).slice(-shownLines);
  const what = failure ? "output of that step" : "build log";
  return [
    `The image ${image} could not be built${failure ? `: ${failure.cause}` : ""}`,
    ...(failure ? [`  Step: ${failure.step}`] : []),
    ...[...(failure?.fix ? [failure.fix] : []), ...baseAdvice(lines, images)].map((fix) => `  Fix: ${fix}`),
    `  The end of the ${what} (the whole log: ${file}):`,
    ...shown.map((line) => `    ${line}`),
  ].join("\n");
}

/** The fix, if a build failed because its base image could not be pulled. */
export function baseAdvice(lines: readonly string[], images?: Images): string[] {
  const log = lines.slice(-40).join("\n");
  const metadata = log.matchAll(
    /^#(\d+) \[internal\] load metadata for (?:docker\.io\/(?:library\/)?)?(\S+)$/gm,
  );
  const advice = [...metadata].flatMap(([, step, image = ""]) => {
    const reason = new RegExp(`^#${step} ERROR: (.+)$`, "m").exec(log)?.[1];
    if (reason === undefined) return [];
    return [baseImageAdvice(image, reason, images)];
  });
  return [...new Set(advice)];
}

/** Describes every container that is not healthy, and every job that has not succeeded. */
export async function diagnose(stack: string): Promise<Finding[]> {
  const unhealthy = (await containersOf(stack)).filter((c) => !isWell(c));
  return Promise.all(unhealthy.map((c) => describe(stack, c)));
}
