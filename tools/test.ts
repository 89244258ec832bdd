/**
 * Runs all checks and tests. The last line is "N passed, N failed". A suite that ends before it
 * reports a result counts as one failure.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { execa } from "execa";
import type { JsonTestResults } from "vitest/node";
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

interface Suite {
  readonly name: string;
  /** The command, without spaces in its arguments. */
  readonly command: string;
  /** Reads the count from a report or from the suite's output. */
  readonly count: (output: string) => Count | undefined;
}

const reports = mkdtempSync(join(tmpdir(), "ragdock-reports-"));

const vitest = (project: string, name: string): Suite => {
  const report = join(reports, `${project}.json`);
  return {
    name,
    command: `vitest run --project ${project} --reporter=default --reporter=json --outputFile=${report}`,
    count: () => {
      if (!existsSync(report)) return undefined;
      const read: JsonTestResults = JSON.parse(readFileSync(report, "utf8"));
      const { numPassedTests: passed, numFailedTests: failed } = read;
      return { passed, failed, failures: failures(read), times: times(read) };
    },
  };
};

/** The summary lists files that take at least this many seconds. */
const slowSeconds = 20;

/** Returns the durations of the slow files, the slowest first. */
const times = ({ testResults }: JsonTestResults): string[] =>
  testResults
    .map(({ name, startTime, endTime }) => ({ name, seconds: (endTime - startTime) / 1000 }))
    .filter(({ seconds }) => seconds >= slowSeconds)
    .sort((a, b) => b.seconds - a.seconds)
    .map(({ name, seconds }) => `    ${elapsed(seconds)}  ${relative(projectDir, name)}`);

/** Returns each failed test and each failed file, with the end of its message. */
function failures({ testResults }: JsonTestResults): string[] {
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

/**
 * The suites of one lane run one after the other, the lanes of a stage at the same time, and the
 * stages one after the other. The lanes of a stage take about the same time.
 */
const stages: readonly (readonly (readonly Suite[])[])[] = [
  [
    [
      { name: "checks", command: "tools/check.sh", count: printed },
      vitest("unit", "unit and property tests"),
      vitest("engine", "the embedded engine"),
    ],
    [{ name: "application tests", command: "tools/test-app.sh", count: printed }],
  ],
  [
    [
      vitest("full", "the system full on real Docker"),
      vitest("images", "images"),
      vitest("rules", "alert rules"),
    ],
    [vitest("systems", "systems, rotation and imports")],
  ],
  [[vitest("traffic", "traffic during changes")]],
  // Skipped if the command pulumi is not on PATH.
  [[vitest("pulumi", "the program under the Pulumi CLI")]],
];

const shown = ["pipe", "inherit"] as const;
const options = {
  cwd: projectDir,
  stdin: "ignore",
  stdout: shown,
  stderr: shown,
  all: true,
  reject: false,
} as const;
const total = { passed: 0, failed: 0 };
const lines: string[] = [];

async function runSuite({ name, command, count }: Suite): Promise<void> {
  process.stdout.write(`\n== ${name}\n`);
  const begun = performance.now();
  const ended = await execa(options)`${command.split(" ")}`;
  const { passed, failed, failures = [], times = [] } = count(ended.all) ?? { passed: 0, failed: 0 };
  // Only the exit code reveals a crash, or a suite without tests.
  const broken = ended.failed && failed === 0 ? 1 : 0;
  total.passed += passed;
  total.failed += failed + broken;
  const trouble = broken ? ` (${ended.shortMessage})` : "";
  // The lines appear at the end, where readers of a long log look first.
  lines.push(
    ...failures,
    `${name}: ${passed} passed, ${failed + broken} failed${trouble}, ${secondsSince(begun)}`,
    ...times,
  );
}

const secondsSince = (begun: number): string => elapsed((performance.now() - begun) / 1000);

async function runLane(lane: readonly Suite[]): Promise<void> {
  for (const suite of lane) await runSuite(suite);
}

for (const stage of stages) await Promise.all(stage.map(runLane));
rmSync(reports, { recursive: true, force: true });
lines.push(`all together: ${secondsSince(0)}`);
process.stdout.write(`\n${lines.join("\n")}\n\n${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
