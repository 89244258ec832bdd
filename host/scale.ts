/**
 * Stops, starts and replaces the tasks of a service of a Swarm, which itself would replace a stopped
 * container.
 */
import { setTimeout } from "node:timers/promises";
import { type Container, containersOf, docker, isWell } from "./docker.ts";
import { inspectTasks, type Node, nodesOfSwarm, serviceNameOf, type Task } from "./tasks.ts";

/** Milliseconds between two looks at the tasks. */
const interval = 500;

/** Milliseconds in which new tasks become healthy, on a node that is busy too. */
const longest = 5 * 60_000;

const scale = (name: string, replicas: number): Promise<string> =>
  docker("service", "update", "--detach", "--quiet", "--replicas", String(replicas), name);

/** Stops all tasks of the services of these tasks, and waits until their containers have ended. */
export async function stopTasks(tasks: readonly Container[]): Promise<void> {
  for (const name of new Set(tasks.map(serviceNameOf))) {
    await scale(name, 0);
    while (await hasContainers(name)) await setTimeout(interval);
  }
}

/** A service without replicas may still have containers, within their grace period. */
async function hasContainers(name: string): Promise<boolean> {
  const ids = await docker("service", "ps", "-q", "--no-trunc", name);
  const [tasks, nodes] = await Promise.all([inspectTasks(ids), nodesOfSwarm()]);
  return runAnywhere(tasks, nodes);
}

/**
 * Whether the container of a task may still run. Tasks on a node that is down stay `running` for a
 * day: Swarm does not hear of their end.
 */
export function runAnywhere(
  tasks: readonly Pick<Task, "NodeID" | "Status">[],
  nodes: readonly Pick<Node, "ID" | "Status">[],
): boolean {
  const down = new Set(nodes.filter(({ Status }) => Status.State === "down").map(({ ID }) => ID));
  return tasks.some(
    ({ NodeID = "", Status }) =>
      ["running", "starting", "ready", "preparing"].includes(Status.State) && !down.has(NodeID),
  );
}

/** Starts as many tasks as were stopped. @returns whether all of them became healthy */
export async function startTasks(stopped: readonly Container[]): Promise<boolean> {
  const end = performance.now() + longest;
  const started = Map.groupBy(stopped, serviceNameOf);
  for (const [name, own] of started) await scale(name, own.length);
  const stack = stopped[0]?.Config.Labels["ragdock.stack"] ?? "";
  for (;;) {
    const all = (await containersOf(stack)).filter((task) => started.has(serviceNameOf(task)));
    if (all.length >= stopped.length && all.every(isWell)) return true;
    if (performance.now() > end) return false;
    await setTimeout(interval);
  }
}

/**
 * Replaces the tasks of a service, one after another and in the order of its deployments: a store
 * stops before its next task starts.
 * @returns whether all of them became healthy
 */
export async function replaceTasks(name: string): Promise<boolean> {
  await docker("service", "update", "--force", "--detach", "--quiet", name);
  const end = performance.now() + longest;
  const format = "{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}";
  for (;;) {
    const state = (await docker("service", "inspect", "--format", format, name)).trim();
    if (state === "completed") return true;
    if (state === "paused" || performance.now() > end) return false;
    await setTimeout(interval);
  }
}
