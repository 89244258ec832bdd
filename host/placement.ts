/** On which node of a Swarm each volume is: a label of the node, which stays in the Swarm after `down`. */
import { setTimeout } from "node:timers/promises";
import { Failure } from "../config/spec/failure.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { fullName, type StackName } from "../config/spec/stack.ts";
import { volumeNodeLabel } from "../config/spec/swarm.ts";
import { containersOf, docker, isWell } from "./docker.ts";
import type { Finding } from "./finding.ts";
import { type Node, nodesOfSwarm } from "./tasks.ts";

/**
 * Gives each volume of a system a node, if it has none. Volumes of one service get the same node.
 * @throws Failure if no node can take a volume, or if volumes of one service have different nodes
 */
export async function placeVolumes(
  stack: StackName,
  { services }: SystemSpec,
  say: (line: string) => void,
): Promise<void> {
  const nodes = await nodesOfSwarm();
  const labels = new Map(nodes.map((node) => [node, new Set(Object.keys(node.Spec.Labels ?? {}))]));
  for (const { name, volumes } of services) {
    const wanted = volumes.map(({ volume }) => volumeNodeLabel(fullName(stack, volume)));
    const missing = wanted.filter((label) => !nodes.some((node) => labels.get(node)?.has(label)));
    if (missing.length === 0) continue;
    const node = nodeFor(name, wanted, nodes, labels);
    for (const label of missing) {
      await docker("node", "update", "--label-add", `${label}=true`, node.ID);
      labels.get(node)?.add(label);
    }
    say(`the data of ${name} is on ${node.Description.Hostname}`);
    await moved(stack.stack, name);
  }
}

/** Milliseconds in which a service starts on another node. */
const longest = 120_000;

/** Waits until a service whose data was on another node runs, because no other change starts it. */
async function moved(stack: string, service: string): Promise<void> {
  const end = performance.now() + longest;
  const isDown = async (): Promise<boolean> => {
    const tasks = await containersOf(stack, service);
    return tasks.length > 0 && !tasks.every(isWell);
  };
  while ((await isDown()) && performance.now() < end) await setTimeout(1000);
}

/** The services with a volume that no node has. */
export async function unplacedServices(stack: StackName, { services }: SystemSpec): Promise<string[]> {
  const nodes = await nodesOfSwarm();
  const has = (label: string): boolean => nodes.some(({ Spec }) => Object.hasOwn(Spec.Labels ?? {}, label));
  return services
    .filter(({ volumes }) => volumes.some(({ volume }) => !has(volumeNodeLabel(fullName(stack, volume)))))
    .map(({ name }) => name);
}

/** The volumes of a stack and the nodes that they are on, such as `ragdock-prod-data (node-2)`. */
export async function placedVolumes({ project, stack }: StackName): Promise<string[]> {
  const prefix = volumeNodeLabel(fullName({ project, stack }, ""));
  return (await nodesOfSwarm()).flatMap(({ Spec, Description }) =>
    Object.keys(Spec.Labels ?? {})
      .filter((label) => label.startsWith(prefix))
      .map((label) => `${label.slice(volumeNodeLabel("").length)} (${Description.Hostname})`),
  );
}

/** The node that has another volume of the service, else the one with the fewest volumes. */
function nodeFor(
  service: string,
  wanted: readonly string[],
  nodes: readonly Node[],
  labels: ReadonlyMap<Node, ReadonlySet<string>>,
): Node {
  const has = (node: Node): boolean => wanted.some((label) => labels.get(node)?.has(label));
  const volumesOn = (node: Node): number =>
    [...(labels.get(node) ?? [])].filter((label) => label.startsWith(volumeNodeLabel(""))).length;
  const chosen = nodes.find(has) ?? nodes.filter(canRun).toSorted((a, b) => volumesOn(a) - volumesOn(b))[0];
  if (chosen) return chosen;
  throw new Failure(
    `No node of the Swarm can take the data of ${service}.`,
    "Make a node active: docker node update --availability active <node>",
  );
}

const canRun = ({ Spec, Status }: Node): boolean =>
  Spec.Availability === "active" && Status.State === "ready";

/** The services that cannot run, because the node with their data is down or drained. */
export async function lostData(stack: StackName, { services }: SystemSpec): Promise<Finding[]> {
  const nodes = await nodesOfSwarm();
  return services.flatMap(({ name, volumes }) => {
    const labels = volumes.map(({ volume }) => volumeNodeLabel(fullName(stack, volume)));
    const node = nodes.find(({ Spec }) => labels.some((label) => Object.hasOwn(Spec.Labels ?? {}, label)));
    if (!node || canRun(node)) return [];
    const { Hostname } = node.Description;
    const state = node.Status.State === "ready" ? `set to ${node.Spec.Availability}` : node.Status.State;
    const remove = labels.map((label) => `docker node update --label-rm ${label} ${Hostname}`).join(" && ");
    const restore = `make up STACK=${stack.stack} && make restore STACK=${stack.stack} CONFIRM=${stack.stack}`;
    return {
      service: name,
      problem: `${name} does not run: its data is on ${Hostname}, which is ${state}.`,
      evidence: [
        `If ${Hostname} comes back, the service starts again with its data. Nothing is lost then.`,
        `If it is lost, restore a backup on another node: ${remove} && ${restore}`,
      ],
      next: "docker node ls",
    };
  });
}
