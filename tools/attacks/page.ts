import { basename } from "node:path";
import { type Parts, table } from "../markdown.ts";
import type { Attack, TestOf } from "./attack.ts";
import { type Findings, resultOf } from "./findings.ts";

/** Returns the tables of docs/measurements/security.md. */
export const securityParts = (attacks: readonly Attack[], findings: Findings): Parts => ({
  runs: runs(findings),
  results: table(
    ["attack", "promise", "files with its tests", "tests", "result"],
    attacks.map((attack) => [
      attack.attack,
      attack.promise,
      [...new Set(attack.tests.map(({ file }) => file))].map(linkTo).join(", "),
      ...result(attack, findings),
    ]),
  ),
});

const runs = (findings: Findings): string =>
  table(
    ["kind of tests", "run on", "commit", "machine"],
    Object.entries(findings).map(([kind, { facts }]) => {
      const { date, commit, cores, memory, docker } = facts;
      return [kind, date, commit, `${cores} cores, ${memory}, Docker Engine ${docker}`];
    }),
  );

const linkTo = (file: string): string =>
  `[${basename(file).replace(/\.(test\.ts|py|sh)$/, "")}](../../${file})`;

/** The number of an attack's tests, and whether they passed. */
function result(attack: Attack, findings: Findings): [string, string] {
  const { outcomes, notRun } = resultOf(attack, findings);
  const failures = outcomes.flatMap((one) => one.failures);
  const passed = outcomes.reduce((sum, one) => sum + one.passed, 0);
  const failed = failures.map((failure) => `**failed**: ${failure}`);
  const missing = notRun.length > 0 ? [`not run: ${notRun.map(described).join(", ")}`] : [];
  return [String(passed + failures.length), [...failed, ...missing].join("; ") || "passed"];
}

const described = ({ file, name }: TestOf): string => (name ? `${file} ${name}` : file);
