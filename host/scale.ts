/**
 * Stops, starts and replaces the tasks of a service of a Swarm, which itself would replace a stopped
 * container.
 */
import { Failure } from "../config/spec/failure.ts";
import { type Container, containersOf, docker, isWell } from "./docker.ts";
import { inspectTasks, type Node, nodesOfSwarm, serviceNameOf, type Task } from "./tasks.ts";
import { becomesTrue } from "./wait.ts";

/**
 * Milliseconds in which tasks end, or new ones become healthy, on a node that is busy too. The longest
 * grace period of a store is two minutes.
 */
const longest = 5 * 60_000;

const scale = (name: string, replicas: number): Promise<string> =>
  docker("service", "update", "--detach", "--quiet", "--replicas", String(replicas), name);

/**
 * Stops all tasks of the services of these tasks, and waits until their containers have ended.
 * @throws Failure if the containers of a service do not end, for example on a disconnected node
 */
export async function stopTasks(tasks: readonly Container[]): Promise<void> {
  for (const name of new Set(tasks.map(serviceNameOf))) await stopService(name);
}

/**
 * Stops all tasks of a service, and waits until their containers have ended. It may have none any more:
 * containers of an earlier stop may still end.
 * @param name in the Swarm
 * @throws Failure if its containers do not end, for example on a disconnected node
 */
export async function stopService(name: string): Promise<void> {
  await scale(name, 0);
  let nodes: readonly string[] = [];
  const hasEnded = async (): Promise<boolean> => {
    nodes = await nodesWithContainers(name);
    return nodes.length === 0;
  };
  if (await becomesTrue(hasEnded, longest)) return;
  throw new Failure(
    `The containers of ${name} did not end within ${longest / 60_000} minutes on ${nodes.join(", ")}.`,
    "See which nodes the manager reaches: docker node ls",
  );
}

/** A service without replicas may still have containers, within their grace period. */
async function nodesWithContainers(name: string): Promise<string[]> {
  const ids = await docker("service", "ps", "-q", "--no-trunc", name);
  const [tasks, nodes] = await Promise.all([inspectTasks(ids), nodesOfSwarm()]);
  return mayRunOn(tasks, nodes);
}

/**
 * The names and states of the nodes on which the container of a task may still run, such as
 * `node-2 (disconnected)`. Tasks on a node that is down stay `running` for a day: Swarm does not hear
 * of their end.
 */
export function mayRunOn(
  tasks: readonly Pick<Task, "NodeID" | "Status">[],
  nodes: readonly Pick<Node, "ID" | "Status" | "Description">[],
): string[] {
  const running = tasks.filter(({ Status }) =>
    ["running", "starting", "ready", "preparing"].includes(Status.State),
  );
  return nodes
    .filter(({ ID, Status }) => Status.State !== "down" && running.some(({ NodeID }) => NodeID === ID))
    .map(({ Description, Status }) => `${Description.Hostname} (${Status.State})`);
}

/**
 * Gives the services of the stopped tasks their replicas again. A replica that did not run before,
 * because no node could take it, is not waited for.
 * @returns whether as many tasks became healthy as ran before
 */
export async function startTasks(stopped: readonly Container[]): Promise<boolean> {
  const before = Map.groupBy(stopped, serviceNameOf);
  for (const [name, own] of before) await scale(name, own[0]?.Replicas ?? own.length);
  const stack = stopped[0]?.Config.Labels["ragdock.stack"] ?? "";
  const count = (tasks: readonly Container[], name: string): number =>
    tasks.filter((task) => serviceNameOf(task) === name).length;
  const ran = stopped.filter(({ State }) => State.Status === "running");
  return becomesTrue(async () => {
    const healthy = (await containersOf(stack)).filter(isWell);
    return [...before.keys()].every((name) => count(healthy, name) >= count(ran, name));
  }, longest);
}

/**
 * Replaces the tasks of a service, one after another and in the order of its deployments: a store
 * stops before its next task starts.
 * @returns whether all of them became healthy
 */
export async function replaceTasks(name: string): Promise<boolean> {
  await docker("service", "update", "--force", "--detach", "--quiet", name);
  const format = "{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}";
  let state = "";
  await becomesTrue(async () => {
    state = (await docker("service", "inspect", "--format", format, name)).trim();
    return state === "completed" || state === "paused";
  }, longest);
  return state === "completed";
}
