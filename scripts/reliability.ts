/**
 * Breaks things on purpose and writes docs/reliability.md: `make reliability`, about an hour and a half.
 * `ROUNDS=10` sets how often each change is made, `KILLS=20` how often `make up` is killed, and `ONLY=changes,releases,faults,kills`
 * chooses parts; `machine`, which is left out otherwise, restarts the engine, with whatever else runs on it, and fills a disk of its own.
 * Needs root, for it kills processes of containers from outside.
 * Works on a stack, a state and a copy of the last commit of its own, and takes them away at the end.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { Checkout } from "./bench/checkout.ts";
import { attempt, load, run, say, secondsOf } from "./bench/measure.ts";
import { docker } from "./docker.ts";
import { projectDir, readMemo } from "./place.ts";
import { badReleases, release } from "./reliability/bad-releases.ts";
import { changes, observe } from "./reliability/changes.ts";
import { type Fault, faults } from "./reliability/faults.ts";
import type { Findings } from "./reliability/findings.ts";
import { interrupt } from "./reliability/interruptions.ts";
import { machineFaults } from "./reliability/machine-faults.ts";
import { page } from "./reliability/page.ts";
import { World } from "./reliability/world.ts";

const pageFile = join(projectDir, "docs/reliability.md");
const rounds = Number(process.env.ROUNDS ?? 10);
const kills = Number(process.env.KILLS ?? 20);
const parts = (process.env.ONLY ?? "changes,releases,faults,kills").split(",");

const findings: Findings = {
  date: new Date().toISOString().slice(0, 10),
  commit: (await run(["git", "rev-parse", "--short", "HEAD"], { cwd: projectDir })).output.trim(),
  machine: `${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Docker Engine ${(
    await docker("version", "--format", "{{.Server.Version}}")
  ).trim()}`,
  loadBefore: load(),
  parts,
  changes: new Map(),
  refused: [],
  survived: [],
  failures: [],
};

function save(): void {
  writeFileSync(pageFile, page({ ...findings, loadAfter: load() }));
}

async function changeUnderLoad(world: World): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    for (const change of changes) {
      const name = `${change.name}, ${round} of ${rounds}`;
      const seen = await attempt(name, findings.failures, () => observe(change, world.checkout, round));
      if (!seen) continue;
      say(
        `  ${seen.seconds.toFixed(1)} s, ${seen.sent} sent, ${seen.gap.toFixed(2)} s gap, ${JSON.stringify(seen.failures)}`,
      );
      findings.changes.set(change.name, [...(findings.changes.get(change.name) ?? []), seen]);
      save();
    }
  }
}

async function releaseBadly(world: World): Promise<void> {
  for (const bad of badReleases) {
    const refused = await attempt(bad.name, findings.failures, () => release(world, bad));
    if (!refused) continue;
    say(`  ${JSON.stringify(refused)}`);
    findings.refused.push(refused);
    save();
  }
}

async function breakThings(world: World, all: readonly Fault[]): Promise<void> {
  for (const { name, promise, strike } of all) {
    const survived = await attempt(name, findings.failures, async () => {
      await world.upload();
      const told = await strike(world);
      const seconds = await world.healed();
      return { name, promise, seconds, told, ...(await world.documents()) };
    });
    if (!survived) continue;
    say(
      `  ${survived.seconds.toFixed(1)} s, ${survived.found} of ${survived.acknowledged} documents; ${survived.told}`,
    );
    findings.survived.push(survived);
    save();
  }
}

const checkout = await Checkout.make(readMemo("dev").images ?? "packages");
try {
  say("first `make up` …");
  secondsOf("the first make up", await checkout.make("up"));
  const world = new World(checkout);
  if (parts.includes("changes")) await changeUnderLoad(world);
  if (parts.includes("releases")) await releaseBadly(world);
  if (parts.includes("faults")) await breakThings(world, faults(await world.checkout.containers()));
  if (parts.includes("machine")) await breakThings(world, machineFaults());
  if (parts.includes("kills")) {
    await world.upload();
    const killed = await attempt("killing make up", findings.failures, () => interrupt(world, kills));
    if (killed) findings.killed = { ...killed, seconds: await world.healed(), ...(await world.documents()) };
  }
} finally {
  say("taking the stack away …");
  await checkout.remove();
}
save();
say("wrote docs/reliability.md");
if (findings.failures.length > 0) process.exitCode = 1;
