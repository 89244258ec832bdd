import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectDir } from "../../host/paths.ts";
import type { Suffered } from "../swarm/cases.ts";
import type { Sized } from "../swarm/sizes.ts";
import type { Seen } from "../traffic.ts";
import type { Refused } from "./bad-revisions.ts";
import type { Changed } from "./changes.ts";
import type { Overloaded } from "./overload.ts";
import type { SubjectName } from "./subjects.ts";
import type { Documents } from "./world.ts";

/** The result of one fault. */
export interface Survived extends Documents {
  readonly name: string;
  readonly promise: string;
  /** Seconds from the end of the fault until the whole stack is healthy and ready. */
  readonly seconds: number;
  readonly told: string;
}

/** The result of a fault under traffic. */
export interface Crashed extends Survived, Seen {}

/** The result of repeated kills of `make up`. */
export interface Interrupted extends Seen, Documents {
  readonly tries: number;
  /** The number of runs after a kill that failed. */
  readonly stuck: number;
  /** Seconds of the slowest run after a kill. */
  readonly slowest: number;
  /** Seconds from the last run until the whole stack is healthy and ready. */
  readonly seconds: number;
}

/** One part of a run: its results, and the machine and date. */
export interface Part<T> {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  /** Load averages of 1 minute, before and after. */
  readonly loadBefore: string;
  loadAfter: string;
  /** The names of the planned cases. */
  readonly planned: readonly string[];
  seen: T;
  /** The reasons of failed cases, by name. The page shows them in its tables. */
  readonly failures: Record<string, string>;
}

/** The latest results of every part. */
export interface SystemFindings {
  /** The results by name, with one entry per round. */
  changes?: Part<Record<string, Changed[]>>;
  releases?: Part<Refused[]>;
  crashes?: Part<Crashed[]>;
  overloads?: Part<Overloaded[]>;
  faults?: Part<Survived[]>;
  /** Faults of the machine. */
  machine?: Part<Survived[]>;
  kills?: Part<Interrupted[]>;
  /** Changes and faults on the nodes of a Swarm. */
  nodes?: Part<Suffered[]>;
  /** What one, two and three nodes can do. */
  sizes?: Part<Sized[]>;
}

/** The latest results of every system. */
export type Findings = Partial<Record<SubjectName | "full on a Swarm of three nodes", SystemFindings>>;

const dataFile = join(projectDir, "docs/measurements/reliability.json");

/** Reads the results of earlier runs. A run keeps the results of the parts that it does not run. */
export const readFindings = (): Findings => JSON.parse(readFileSync(dataFile, "utf8"));

/** Writes the results for later runs and for the page. */
export const writeFindings = (findings: Findings): void =>
  writeFileSync(dataFile, `${JSON.stringify(findings, null, 2)}\n`);
