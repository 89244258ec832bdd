/**
 * `make test`: every check and every test, one suite after the other, and one line at the end: "N passed, N failed".
 * A suite that breaks before it reports counts as one failure.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { elapsed } from "../cli/ui/text.ts";
import { projectDir } from "../host/paths.ts";

interface Count {
  readonly passed: number;
  readonly failed: number;
  /** What failed and why, where the suite's report tells. */
  readonly failures?: readonly string[];
}

/** The parts of vitest's report that are read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    /** Why a whole file broke; empty where only tests of it failed. */
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
}

interface Suite {
  readonly name: string;
  readonly command: readonly string[];
  /** Reads the count from a report or from what was printed. */
  readonly count: (output: string) => Count | undefined;
}

const reports = mkdtempSync(join(tmpdir(), "ragdock-reports-"));

const vitest = (project: string, name: string): Suite => {
  const report = join(reports, `${project}.json`);
  return {
    name,
    command: [
      "vitest",
      "run",
      "--project",
      project,
      "--reporter=default",
      "--reporter=json",
      `--outputFile=${report}`,
    ],
    count: () => {
      if (!existsSync(report)) return undefined;
      const read: Report = JSON.parse(readFileSync(report, "utf8"));
      return { passed: read.numPassedTests, failed: read.numFailedTests, failures: failures(read) };
    },
  };
};

/** Each failed test and each broken file with the end of its message: a command's output has its reason there. */
function failures({ testResults }: Report): string[] {
  const told = (name: string, message: string): string => {
    const lines = message.split("\n").filter((line) => line.trim() !== "" && !/^\s+at /.test(line));
    return [`FAILED ${name}`, ...lines.slice(-20).map((line) => `    ${line}`)].join("\n");
  };
  return testResults.flatMap(({ name, message, assertionResults }) => [
    ...(message ? [told(relative(projectDir, name), message)] : []),
    ...assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName, failureMessages }) =>
        told(`${relative(projectDir, name)}: ${fullName}`, failureMessages?.join("\n") ?? ""),
      ),
  ]);
}

/** The last "N passed" and "N failed" that a suite printed. */
function printed(output: string): Count | undefined {
  const last = (pattern: RegExp): number => Number([...output.matchAll(pattern)].at(-1)?.[1] ?? 0);
  if (!/\d+ (\w+ )?passed/.test(output)) return undefined;
  return { passed: last(/(\d+) (?:\w+ )?passed/g), failed: last(/(\d+) failed/g) };
}

const suites: readonly Suite[] = [
  { name: "checks", command: ["tools/check.sh"], count: printed },
  { name: "application tests", command: ["tools/test-app.sh"], count: printed },
  vitest("unit", "unit and property tests"),
  vitest("e2e", "end-to-end tests on a real engine"),
  vitest("systems", "systems, images and the engine, two at a time"),
];

function run(command: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const [file = "", ...args] = command;
    const child = spawn(file, args, { cwd: projectDir, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        process.stdout.write(text);
      });
    }
    child.on("error", (error) => resolve({ code: 1, output: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

const total = { passed: 0, failed: 0 };
const lines: string[] = [];
for (const { name, command, count } of suites) {
  process.stdout.write(`\n== ${name}\n`);
  const begun = performance.now();
  const { code, output } = await run(command);
  const { passed, failed, failures = [] } = count(output) ?? { passed: 0, failed: 0 };
  // An exit code tells of what no count does: a crash, or no test at all.
  const broken = code !== 0 && failed === 0 ? 1 : 0;
  total.passed += passed;
  total.failed += failed + broken;
  const trouble = broken ? ` (ended with exit code ${code})` : "";
  // Beside the totals, at the end: a log of forty minutes is read from there.
  lines.push(
    ...failures,
    `${name}: ${passed} passed, ${failed + broken} failed${trouble}, ${elapsed((performance.now() - begun) / 1000)}`,
  );
}
rmSync(reports, { recursive: true, force: true });
process.stdout.write(`\n${lines.join("\n")}\n\n${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
