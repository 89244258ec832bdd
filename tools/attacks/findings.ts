import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectDir } from "../../host/paths.ts";
import type { runFacts } from "../bench/measure.ts";
import { type Attack, isOf, type Ran, type TestOf } from "./attack.ts";

/** The result of an attack. */
export interface Result extends Attack {
  readonly passed: number;
  /** `name: reason` of each failed test. */
  readonly failures: readonly string[];
  /** The tests without a result. */
  readonly notRun: readonly TestOf[];
}

/** The results of a run. */
export interface Findings {
  readonly facts: Awaited<ReturnType<typeof runFacts>>;
  readonly results: readonly Result[];
}

/** Finds the results of each attack's tests. A test counts once for each attack. */
export const resultsOf = (attacks: readonly Attack[], all: readonly Ran[]): Result[] =>
  attacks.map((attack) => {
    const own = all.filter((ran) => attack.tests.some((test) => isOf(test, ran)));
    return {
      ...attack,
      passed: own.filter(({ failure }) => failure === undefined).length,
      failures: own.flatMap(({ name, failure }) => (failure === undefined ? [] : [`${name}: ${failure}`])),
      notRun: attack.tests.filter((test) => !all.some((ran) => isOf(test, ran))),
    };
  });

const dataFile = join(projectDir, "docs/measurements/security.json");

/** Reads the results of the latest run. */
export const readFindings = (): Findings | undefined =>
  existsSync(dataFile) ? JSON.parse(readFileSync(dataFile, "utf8")) : undefined;

/** Writes the results for the page. */
export const writeFindings = (findings: Findings): void =>
  writeFileSync(dataFile, `${JSON.stringify(findings, null, 2)}\n`);
