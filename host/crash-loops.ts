import { type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { describe } from "./describe.ts";
import { type Container, containersOf, docker, dockerEnvironment, isJob } from "./docker.ts";
import { told } from "./finding.ts";
import { projectDir } from "./paths.ts";

/**
 * Restarts after which a new container counts as a crash loop. Docker's pauses between them add up
 * to 3 s.
 */
const restarts = 5;

/**
 * Restarts after which a container counts as a crash loop if each start took long. Five such
 * restarts would take minutes.
 */
const slowRestarts = 2;

/** Milliseconds from which a start counts as long. */
const slowStart = 20_000;

/** Milliseconds between two checks, and before the first one. */
const interval = 4000;

const crashLogs = ".ragdock/crashes";

/**
 * Watches a stack until this process ends, and removes new containers that crash repeatedly. The
 * provider waits for a container's health until its timeout, and stops early only if the container
 * is gone. The log is saved before the removal. The old container keeps running, unless it also
 * crashes. In that case it is stopped, because the deployment replaces it.
 * @param before the containers that existed before the deployment
 * @param report gets the description of a container before it is removed, because the program may
 * end right after the removal
 */
export function watchCrashLoops(
  stack: string,
  before: readonly Container[],
  report: (description: string) => Promise<unknown>,
): void {
  const known = new Set(before.map(({ Id }) => Id));
  const crashed = before.filter((c) => c.Config.Labels["ragdock.kind"] === "stateless" && isCrashing(c));
  const stopped = Promise.all(crashed.map(({ Id }) => docker("stop", Id).catch(() => "")));
  const look = async (): Promise<void> => {
    await stopped;
    const crashing = (await containersOf(stack)).filter((c) => !known.has(c.Id) && isCrashing(c));
    for (const container of crashing) {
      known.add(container.Id);
      await report(await describeCrashes(stack, container));
      await docker("rm", "--force", container.Id);
    }
  };
  const lookLater = (): void => {
    // A container may disappear between two calls. The next check handles the other containers.
    const lookNow = () =>
      void look()
        .catch(() => undefined)
        .finally(lookLater);
    // The watch must not keep the process alive.
    setTimeout(lookNow, interval).unref();
  };
  lookLater();
}

/**
 * Whether a container crashes again and again. Jobs do not count, because the deployer waits for
 * their exit code. Containers that have passed a health check do not count either.
 */
export function isCrashing(container: Container): boolean {
  const { RestartCount, Created, State } = container;
  if (isJob(container) || State.Health?.Log?.some((check) => check.ExitCode === 0)) return false;
  // The mean time of a start. The last start may not be over yet, so it does not count.
  const taken = (Date.parse(State.StartedAt) - Date.parse(Created)) / RestartCount;
  return RestartCount >= restarts || (RestartCount >= slowRestarts && taken >= slowStart);
}

async function describeCrashes(stack: string, container: Container): Promise<string> {
  const { Id: id, Name, RestartCount } = container;
  const file = join(projectDir, crashLogs, `${Name.slice(1)}.log`);
  const finding = await describe(stack, container);
  await saveLog(id, file);
  const end = `It crashed ${RestartCount} times and was never healthy, so it was removed (container ${id.slice(0, 12)}). Its whole log: ${file}`;
  return told({ ...finding, evidence: [...finding.evidence, end], next: `make up STACK=${stack}` });
}

/** Hides the provider's errors about containers that the watch has removed. */
export function withoutRemoved(errors: readonly string[]): string[] {
  const removed = errors.flatMap((error) => [
    ...[...error.matchAll(/was removed \(container ([0-9a-f]{12})\)/g)].map(
      ([, id]) => `No such container: ${id}`,
    ),
    ...[...error.matchAll(/removes it now \(service ([\w.-]+)\)/g)].map(
      ([, name]) => `service ${name} not found`,
    ),
  ]);
  return errors.filter((error) => !removed.some((missing) => error.includes(missing)));
}

/** Saves both streams of a container's log. Only the owner can read the file. */
async function saveLog(id: string, file: string): Promise<void> {
  mkdirSync(join(projectDir, crashLogs), { recursive: true });
  const log = openSync(file, "w", 0o600);
  const options: SpawnOptions = { stdio: ["ignore", log, log], env: dockerEnvironment() };
  await once(spawn("docker", ["logs", id], options), "close");
  closeSync(log);
}
