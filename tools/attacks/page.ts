import { basename } from "node:path";
import { type Parts, table } from "../markdown.ts";
import type { TestOf } from "./attack.ts";
import type { Findings, Result } from "./findings.ts";

/** Returns the table of docs/measurements/security.md. */
export const securityParts = (findings: Findings | undefined): Parts => ({
  results: findings ? `${summary(findings)}\n\n${rows(findings)}` : "Not run.",
});

function summary({ facts, results }: Findings): string {
  const { date, commit, cores, memory, docker } = facts;
  const incomplete = results.filter(({ notRun }) => notRun.length > 0).length;
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  return [
    `Run on ${date}, at commit ${commit}, on ${cores} cores, ${memory}, Docker Engine ${docker}:`,
    `${results.length} attacks, of which ${incomplete} did not run completely and ${failed} failed.`,
  ].join("\n");
}

const rows = ({ results }: Findings): string =>
  table(
    ["attack", "promise", "files with its tests", "tests", "result"],
    results.map((one) => [
      one.attack,
      one.promise,
      [...new Set(one.tests.map(({ file }) => file))].map(linkTo).join(", "),
      String(one.passed + one.failures.length),
      resultOf(one),
    ]),
  );

const linkTo = (file: string): string =>
  `[${basename(file).replace(/\.(test\.ts|py|sh)$/, "")}](../../${file})`;

function resultOf({ failures, notRun }: Result): string {
  const failed = failures.map((failure) => `**failed**: ${failure.split("\n")[0]?.slice(0, 300)}`);
  const missing = notRun.length > 0 ? [`not run: ${notRun.map(described).join(", ")}`] : [];
  return [...failed, ...missing].join("; ") || "passed";
}

const described = ({ file, name }: TestOf): string => (name ? `${file} ${name}` : file);
