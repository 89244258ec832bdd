/**
 * `make attacks`: runs the tests of the attacks in attacks.ts, and writes
 * docs/measurements/security.md.
 *
 * `ONLY=checks,python,unit,systems,images,full,slow` selects kinds of tests: the page keeps the earlier
 * results of all others.
 */
import { runFacts, say } from "../bench/measure.ts";
import { writePage } from "../markdown.ts";
import type { Ran } from "./attack.ts";
import { attacks } from "./attacks.ts";
import { outcomesOf, readFindings, writeFindings } from "./findings.ts";
import { securityParts } from "./page.ts";
import { runChecks, runPytest, runVitest } from "./run.ts";

const files = [...new Set(attacks.flatMap(({ tests }) => tests.map(({ file }) => file)))];
const ending = (end: string): string[] => files.filter((file) => file.endsWith(end));
const vitest = (project: string) => (): Promise<Ran[]> => runVitest(project, ending(".test.ts"));

const kinds: Readonly<Record<string, () => Promise<Ran[]>>> = {
  checks: runChecks,
  python: () => runPytest(ending(".py")),
  unit: vitest("unit"),
  // One after another, so that the load of one kind does not slow down another.
  systems: vitest("systems"),
  images: vitest("images"),
  full: vitest("full"),
  slow: vitest("slow"),
};

const chosen = (process.env.ONLY ?? Object.keys(kinds).join(",")).split(",");
const unknown = chosen.filter((kind) => !(kind in kinds));
if (unknown.length > 0)
  throw new Error(`ONLY has ${unknown.join(", ")}. Use some of: ${Object.keys(kinds).join(", ")}`);

const facts = await runFacts();
let findings = readFindings();
let isBroken = false;
for (const [kind, run] of Object.entries(kinds)) {
  if (!chosen.includes(kind)) continue;
  say(`${kind} …`);
  const outcomes = outcomesOf(attacks, await run());
  isBroken ||= outcomes.length === 0 || outcomes.some(({ failures }) => failures.length > 0);
  findings = { ...findings, [kind]: { facts, outcomes } };
  writeFindings(findings);
  writePage("docs/measurements/security.md", securityParts(attacks, findings));
}
say("wrote docs/measurements/security.md");
if (isBroken) process.exitCode = 1;
