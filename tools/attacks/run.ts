/** Runs tests and checks, and reads their results. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { execa } from "execa";
import type { JsonTestResults } from "vitest/node";
import { projectDir } from "../../host/paths.ts";
import type { Ran } from "./attack.ts";

const shown = ["pipe", "inherit"] as const;
const options = {
  cwd: projectDir,
  stdin: "ignore",
  stdout: shown,
  stderr: shown,
  reject: false,
} as const;

/** Runs files of a project of vitest. Files of other projects are skipped. */
export async function runVitest(project: string, files: readonly string[]): Promise<Ran[]> {
  const folder = mkdtempSync(join(tmpdir(), "ragdock-attacks-"));
  const report = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile=${report}`, "--passWithNoTests"];
  try {
    await execa(options)`vitest run --project ${project} ${reporters} ${files}`;
    return existsSync(report) ? readVitest(JSON.parse(readFileSync(report, "utf8"))) : [];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const readVitest = ({ testResults }: JsonTestResults): Ran[] =>
  testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "passed" || status === "failed")
      .map(({ fullName, status, failureMessages }) => ({
        file: relative(projectDir, name),
        name: fullName,
        ...(status === "failed" ? { failure: failureMessages?.[0] ?? "without a message" } : {}),
      })),
  );

/** Runs files of the Python workspace. */
export async function runPytest(files: readonly string[]): Promise<Ran[]> {
  const { stdout } = await execa({ ...options, env: { FILES: files.join(" ") } })`tools/test-app.sh`;
  return readPytest(stdout);
}

/**
 * Reads the summaries of pytest, each below `== member`. They do not contain the names of skipped
 * tests.
 */
export function readPytest(output: string): Ran[] {
  let member = "";
  return output.split("\n").flatMap((line) => {
    const [, header] = /^== (\S+)$/.exec(line) ?? [];
    member = header ?? member;
    const [, status, file, test = ""] = /^(PASSED|FAILED|ERROR) (\S+?\.py)::(.+)$/.exec(line) ?? [];
    if (!file) return [];
    const [, name = test, failure = "without a message"] = /^(\w+(?:\[.*\])?) - (.*)$/.exec(test) ?? [];
    return [{ file: `${member}/${file}`, name, ...(status === "PASSED" ? {} : { failure }) }];
  });
}

/** Runs the checks of tools/check.sh. */
export async function runChecks(): Promise<Ran[]> {
  const { stdout } = await execa(options)`tools/check.sh`;
  return [...stdout.matchAll(/^ {2}(ok|FAILED) +(.+)$/gm)].map(([, status, name = ""]) => ({
    file: "tools/check.sh",
    name,
    ...(status === "ok" ? {} : { failure: "it found something" }),
  }));
}
