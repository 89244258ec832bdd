import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { setInterval } from "node:timers/promises";
import { type Container, containersOf, docker } from "../host/docker.ts";
import { projectDir } from "../host/paths.ts";
import { describe } from "./ui/diagnose.ts";

/** Restarts after which a new container counts as one that only ever crashes; the engine's pauses between them sum up to 3 s. */
const restarts = 5;

/** Milliseconds between two looks, and before the first: a run that changes nothing is over after about one. */
const interval = 4000;

/** Where the logs are kept of containers that were given up. */
const crashLogs = ".ragdock/crashes";

/** A container that was given up, and what was known of it in words. */
export interface Crashed {
  readonly id: string;
  readonly told: string;
}

/**
 * Runs `work`, and gives up on containers that were not there before and only ever crash.
 * The provider asks for a container's health until its time is over, whatever becomes of the container, and ends early
 * only when it is gone. So it goes, once its log has been saved; what it was to replace runs on.
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
    for (const container of crashing) crashed.push(await giveUp(container));
  };
  const watch = async (): Promise<void> => {
    // A container may go between the list and the look at it: the next look sees the rest.
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

/** A job ends once, and its exit code is waited for. What was healthy in between works, if not for long: it may be let be. */
const isCrashing = ({ RestartCount, State, Config }: Container): boolean =>
  Config.Labels["ragdock.kind"] !== "job" &&
  RestartCount >= restarts &&
  !State.Health?.Log?.some((probe) => probe.ExitCode === 0);

async function giveUp(container: Container): Promise<Crashed> {
  const { Id: id, Name, RestartCount } = container;
  const file = join(projectDir, crashLogs, `${Name.slice(1)}.log`);
  const told = await describe(container);
  await saveLog(id, file);
  await docker("rm", "--force", id);
  const end = `It ended ${RestartCount} times, was never healthy and has been taken away. Its whole log: ${file}`;
  return { id, told: `${told}\n  ${end}` };
}

/** Both streams, for its owner's eyes. */
async function saveLog(id: string, file: string): Promise<void> {
  mkdirSync(join(projectDir, crashLogs), { recursive: true });
  const log = openSync(file, "w", 0o600);
  await once(spawn("docker", ["logs", id], { stdio: ["ignore", log, log] }), "close");
  closeSync(log);
}
