import { type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { setInterval } from "node:timers/promises";
import { type Container, containersOf, docker, dockerEnvironment, isJob } from "../host/docker.ts";
import { projectDir } from "../host/paths.ts";
import { describe } from "./ui/diagnose.ts";
import type { Finding } from "./ui/finding.ts";

/**
 * Restarts after which a new container counts as a crash loop. Docker's pauses between them add up
 * to 3 s.
 */
const restarts = 5;

/** Milliseconds between two checks, and before the first one. */
const interval = 4000;

const crashLogs = ".ragdock/crashes";

/** A container that was removed because it crashed repeatedly. */
export interface Crashed {
  readonly id: string;
  readonly finding: Finding;
}

/**
 * Runs `work`, and removes new containers that crash repeatedly. The provider waits for a
 * container's health until its timeout, and stops early only if the container is gone. Its log is
 * saved first. The old container keeps running.
 */
export async function givingUpOnCrashes<T>(
  stack: string,
  before: readonly Container[],
  work: () => Promise<T>,
): Promise<{ readonly outcome: T; readonly crashed: readonly Crashed[] }> {
  const old = new Set(before.map(({ Id }) => Id));
  const crashed: Crashed[] = [];
  const over = new AbortController();
  const look = async (): Promise<void> => {
    const crashing = (await containersOf(stack)).filter((c) => !old.has(c.Id) && isCrashing(c));
    for (const container of crashing) crashed.push(await giveUp(stack, container));
  };
  const watch = async (): Promise<void> => {
    // A container may disappear between two calls. The next check handles the other containers.
    for await (const _ of setInterval(interval, undefined, over)) await look().catch(() => undefined);
  };
  const watching = watch().catch(() => undefined);
  try {
    return { outcome: await work(), crashed };
  } finally {
    over.abort();
    await watching;
  }
}

/**
 * Jobs are ignored, because the deployer waits for their exit code. Leaves a container alone once
 * it has passed a health check.
 */
const isCrashing = (container: Container): boolean =>
  !isJob(container) &&
  container.RestartCount >= restarts &&
  !container.State.Health?.Log?.some((check) => check.ExitCode === 0);

async function giveUp(stack: string, container: Container): Promise<Crashed> {
  const { Id: id, Name, RestartCount } = container;
  const file = join(projectDir, crashLogs, `${Name.slice(1)}.log`);
  const described = await describe(stack, container);
  await saveLog(id, file);
  await docker("rm", "--force", id);
  const end = `It crashed ${RestartCount} times, was never healthy, and was removed. Its whole log: ${file}`;
  const finding = { ...described, evidence: [...described.evidence, end], next: `make up STACK=${stack}` };
  return { id, finding };
}

/** Saves both streams. Only the owner can read the file. */
async function saveLog(id: string, file: string): Promise<void> {
  mkdirSync(join(projectDir, crashLogs), { recursive: true });
  const log = openSync(file, "w", 0o600);
  const options: SpawnOptions = { stdio: ["ignore", log, log], env: dockerEnvironment() };
  await once(spawn("docker", ["logs", id], options), "close");
  closeSync(log);
}
