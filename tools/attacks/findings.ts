import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectDir } from "../../host/paths.ts";
import type { runFacts } from "../bench/measure.ts";
import { type Attack, isOf, type Ran, type TestOf } from "./attack.ts";

/** The result of one entry of the list. Tests of Python count once for each set of parameters. */
export interface Outcome extends TestOf {
  readonly passed: number;
  /** `name: reason` of each failed test. */
  readonly failures: readonly string[];
}

/** The latest run of one kind of tests. */
export interface KindRun {
  readonly facts: Awaited<ReturnType<typeof runFacts>>;
  readonly outcomes: readonly Outcome[];
}

/** The latest runs by kind, such as `python`. */
export type Findings = Readonly<Record<string, KindRun>>;

const key = ({ file, name }: TestOf): string => `${file} ${name ?? ""}`;

/** Sums the results of each entry of the list that has results. */
export function outcomesOf(attacks: readonly Attack[], all: readonly Ran[]): Outcome[] {
  const entries = new Map(attacks.flatMap(({ tests }) => tests).map((test) => [key(test), test]));
  return [...entries.values()].flatMap((test) => {
    const own = all.filter((ran) => isOf(test, ran));
    const failures = own.flatMap(({ name, failure }) =>
      failure === undefined ? [] : [`${name}: ${failure.split("\n")[0]?.slice(0, 300)}`],
    );
    return own.length > 0 ? [{ ...test, passed: own.length - failures.length, failures }] : [];
  });
}

/** The outcomes of an attack's tests, and the tests that have none. */
export function resultOf(
  { tests }: Attack,
  findings: Findings,
): { readonly outcomes: readonly Outcome[]; readonly notRun: readonly TestOf[] } {
  const all = new Map(
    Object.values(findings).flatMap(({ outcomes }) => outcomes.map((one) => [key(one), one])),
  );
  return {
    outcomes: tests.flatMap((test) => all.get(key(test)) ?? []),
    notRun: tests.filter((test) => !all.has(key(test))),
  };
}

const dataFile = join(projectDir, "docs/measurements/security.json");

/** Reads the results of earlier runs. A run keeps those of the kinds that it does not run. */
export const readFindings = (): Findings =>
  existsSync(dataFile) ? JSON.parse(readFileSync(dataFile, "utf8")) : {};

/** Writes the results for later runs and for the page. */
export const writeFindings = (findings: Findings): void =>
  writeFileSync(dataFile, `${JSON.stringify(findings, null, 2)}\n`);
