/**
 * Runs all checks and tests. The last line is "N passed, N failed". A suite that ends before it
 * reports a result counts as one failure.
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
  /** The failed tests with their messages. */
  readonly failures?: readonly string[];
  /** The durations of the slow files. */
  readonly times?: readonly string[];
}

/** The fields of vitest's report that this file reads. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    /** Milliseconds since 1970. */
    readonly startTime: number;
    readonly endTime: number;
    /** The error of the whole file. Empty if only some of its tests failed. */
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
  /** Reads the count from a report or from the suite's output. */
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
      return {
        passed: read.numPassedTests,
        failed: read.numFailedTests,
        failures: failures(read),
        times: times(read),
      };
    },
  };
};

/** The summary lists files that take at least this many seconds. */
const slowSeconds = 20;

/** Returns the durations of the slow files, the slowest first. */
const times = ({ testResults }: Report): string[] =>
  testResults
    .map(({ name, startTime, endTime }) => ({ name, seconds: (endTime - startTime) / 1000 }))
    .filter(({ seconds }) => seconds >= slowSeconds)
    .sort((a, b) => b.seconds - a.seconds)
    .map(({ name, seconds }) => `    ${elapsed(seconds)}  ${relative(projectDir, name)}`);

/**
 * Returns each failed test and each failed file, with the end of its message, which contains the
 * output of commands.
 */
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

/** Reads the last "N passed" and "N failed" of a suite's output. */
function printed(output: string): Count | undefined {
  const last = (pattern: RegExp): number => Number([...output.matchAll(pattern)].at(-1)?.[1] ?? 0);
  if (!/\d+ (\w+ )?passed/.test(output)) return undefined;
  return { passed: last(/(\d+) (?:\w+ )?passed/g), failed: last(/(\d+) failed/g) };
}

/** The suites of one stage run at the same time, the stages one after the other. */
const stages: readonly (readonly Suite[])[] = [
  [
    { name: "checks", command: ["tools/check.sh"], count: printed },
    { name: "application tests", command: ["tools/test-app.sh"], count: printed },
  ],
  [vitest("unit", "unit and property tests")],
  [
    vitest("full", "the system full on real Docker"),
    vitest("systems", "systems, images, rotation and the embedded engine"),
  ],
  // Skipped if the command pulumi is not on PATH.
  [vitest("pulumi", "the program under the Pulumi CLI")],
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

async function runSuite({ name, command, count }: Suite): Promise<void> {
  process.stdout.write(`\n== ${name}\n`);
  const begun = performance.now();
  const { code, output } = await run(command);
  const { passed, failed, failures = [], times = [] } = count(output) ?? { passed: 0, failed: 0 };
  // Only the exit code shows a crash, or a suite without tests.
  const broken = code !== 0 && failed === 0 ? 1 : 0;
  total.passed += passed;
  total.failed += failed + broken;
  const trouble = broken ? ` (ended with exit code ${code})` : "";
  // The lines appear at the end, where readers of a long log look first.
  lines.push(
    ...failures,
    `${name}: ${passed} passed, ${failed + broken} failed${trouble}, ${seconds(begun)}`,
    ...times,
  );
}

const seconds = (begun: number): string => elapsed((performance.now() - begun) / 1000);

for (const stage of stages) await Promise.all(stage.map(runSuite));
rmSync(reports, { recursive: true, force: true });
lines.push(`all together: ${seconds(0)}`);
process.stdout.write(`\n${lines.join("\n")}\n\n${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
