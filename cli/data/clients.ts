import { isCheck } from "../../config/spec/external.ts";
import { longRunning, ownVolumes, type ServiceSpec, type SystemSpec } from "../../config/spec/service.ts";
import { type Container, containersOf, docker, isJob, onSwarm, serviceOf } from "../../host/docker.ts";
import { told } from "../../host/finding.ts";
import { startTasks, stopTasks } from "../../host/scale.ts";
import { print } from "../command.ts";
import { becomesWell } from "../settle.ts";
import { diagnose } from "../ui/diagnose.ts";
import type { Progress } from "../ui/progress.ts";
import type { Part } from "./parts.ts";

/**
 * Whether a service caches data, or writes into a volume that it shares. The cache must not be used
 * with other data.
 */
function isClient(system: SystemSpec, service: ServiceSpec, parts: readonly Part[]): boolean {
  if (!["api", "worker"].includes(service.role)) return false;
  const reaches = (s: ServiceSpec): boolean =>
    parts.some(
      (part) =>
        part.service === (isCheck(s) ? s.checks.name : s.name) ||
        ownVolumes(s).some((v) => v.volume === part.volume),
    ) || s.dependsOn.some((name) => system.services.some((other) => other.name === name && reaches(other)));
  return reaches(service);
}

/**
 * Stops the clients, then every store except PostgreSQL, within their grace periods. If one does not
 * stop, all are started again.
 * @returns the stopped containers in that order
 */
export async function stopAround(
  stack: string,
  system: SystemSpec,
  parts: readonly Part[],
  progress: Progress,
): Promise<Container[]> {
  // A task of a Swarm that waits for a node could start at any time.
  const running = (await containersOf(stack)).filter(
    ({ State, Service }) => State.Status === "running" || Service !== undefined,
  );
  const clients = longRunning(system.services).filter((s) => isClient(system, s, parts));
  const stores = parts.filter((part) => part.kind === "files").map((part) => part.service);
  const names = [...new Set([...clients.map((s) => s.name), ...stores])];
  const stopped = names.flatMap((name) => running.filter((c) => serviceOf(c) === name));
  process.once("SIGINT", sayStopped);
  interrupted = () =>
    print(
      `\nInterrupted. These services are stopped: ${names.join(", ")}. Start them: make up STACK=${stack}`,
    );
  try {
    await progress.step(`stopping ${names.join(", ")}`, () => stop(stopped));
  } catch (error) {
    await startAgain(stack, system, stopped).catch(() => undefined);
    throw error;
  }
  return stopped;
}

/** Says what is stopped when the user interrupts the command. */
let interrupted = (): void => {};

/** Ends the command, unless the deployer is working: it ends its own work first. */
function sayStopped(): void {
  interrupted();
  if (process.listenerCount("SIGINT") === 0) process.exit(130);
}

/** Stops containers, one service after another. The replicas of a service stop together. */
export async function stop(containers: readonly Container[]): Promise<void> {
  for (const own of Map.groupBy(containers, serviceOf).values())
    await (onSwarm() && !own.every(isJob)
      ? stopTasks(own)
      : Promise.all(own.map((c) => docker("stop", c.Id))));
}

/** Starts the stopped containers of a service. @returns whether all of them became healthy */
async function start(own: readonly Container[]): Promise<boolean> {
  if (onSwarm()) return startTasks(own);
  await Promise.all(own.map((c) => docker("start", c.Id)));
  return (await Promise.all(own.map((c) => becomesWell(c.Id)))).every(Boolean);
}

/**
 * Starts the stopped containers in the order of their dependencies. Also runs the jobs in this
 * order, because they migrate older data.
 */
export async function startAgain(
  stack: string,
  system: SystemSpec,
  stopped: readonly Container[],
): Promise<void> {
  const all = await containersOf(stack);
  const jobs = all.filter(isJob);
  const started = new Map<string, Promise<void>>();
  const startOnce = (name: string): Promise<void> => {
    const begun = started.get(name) ?? begin(name);
    started.set(name, begun);
    return begun;
  };
  const begin = async (name: string): Promise<void> => {
    await Promise.all((system.services.find((s) => s.name === name)?.dependsOn ?? []).map(startOnce));
    for (const job of jobs.filter((c) => serviceOf(c) === name)) await docker("start", "--attach", job.Id);
    // A container that `up` has replaced in the meantime is already running.
    const own = stopped.filter(
      (c) => serviceOf(c) === name && (onSwarm() || all.some(({ Id }) => Id === c.Id)),
    );
    if (own.length === 0 || (await start(own))) return;
    const findings = (await diagnose(stack)).map(told);
    throw new Error(`${name} did not become healthy with this data.\n${findings.join("\n")}`);
  };
  await Promise.all(system.services.map((s) => startOnce(s.name)));
  process.off("SIGINT", sayStopped);
}
