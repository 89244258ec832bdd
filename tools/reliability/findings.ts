import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectDir } from "../../host/paths.ts";
import type { Refused } from "./bad-releases.ts";
import type { Changed } from "./changes.ts";
import type { Interrupted } from "./interruptions.ts";
import type { SubjectName } from "./subjects.ts";

/** Documents acknowledged before, and those of them that are there and ready afterwards. */
export interface Documents {
  readonly acknowledged: number;
  readonly found: number;
}

/** What came of one fault. */
export interface Survived extends Documents {
  readonly name: string;
  readonly promise: string;
  /** From the end of the fault until all is healthy and ready. */
  readonly seconds: number;
  readonly told: string;
}

/** One part of a run: what it saw, and where and when. */
export interface Part<T> {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  /** Load averages of 1 minute, before and after. */
  readonly loadBefore: string;
  loadAfter: string;
  /** The names of the cases that the run was to try. */
  readonly planned: readonly string[];
  readonly seen: T;
  /** The cases that did not end as promised, by name, with the reason. The page shows them in its tables. */
  readonly failures: Record<string, string>;
}

/** The last that was seen of every system. */
export type Findings = Partial<Record<SubjectName, SystemFindings>>;

/** The last that was seen of every part. */
export interface SystemFindings {
  /** By name, one entry a round. */
  changes?: Part<Record<string, Changed[]>>;
  releases?: Part<Refused[]>;
  faults?: Part<Survived[]>;
  /** Faults of the machine itself. */
  machine?: Part<Survived[]>;
  kills?: Part<(Interrupted & Documents & { readonly seconds: number })[]>;
}

const dataFile = join(projectDir, "docs/measurements/reliability.json");

/** What earlier runs have seen: parts that are not run again stay as they are. */
export const readFindings = (): Findings =>
  existsSync(dataFile) ? JSON.parse(readFileSync(dataFile, "utf8")) : {};

/** Keeps what has been seen for later runs, and for the page. */
export const writeFindings = (findings: Findings): void =>
  writeFileSync(dataFile, `${JSON.stringify(findings, null, 2)}\n`);
