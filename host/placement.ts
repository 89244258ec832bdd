/** On which node of a Swarm each volume is: a label of the node, which stays in the Swarm after `down`. */
import { Failure } from "../config/spec/failure.ts";
import type { Role, SystemSpec } from "../config/spec/service.ts";
import { fullName, type StackName } from "../config/spec/stack.ts";
import { volumeNodeLabel } from "../config/spec/swarm.ts";
import { containersOf, docker, isWell } from "./docker.ts";
import type { Finding } from "./finding.ts";
import { type Node, nodesOfSwarm } from "./tasks.ts";
import {
  addLabel,
  hasLabel,
  placedNames,
  removeLabel,
  successorOf,
  volumeLabels,
  volumeOf,
} from "./volume-nodes.ts";
import { becomesTrue } from "./wait.ts";

/**
 * Gives each volume of a system a node, if it has none. Volumes of one service get the same node.
 * `requirePlacement` has checked the nodes that volumes already have.
 * @throws Failure if no node can take a volume
 */
export async function placeVolumes(
  stack: StackName,
  { services }: SystemSpec,
  say: (line: string) => void,
): Promise<void> {
  const nodes = await nodesOfSwarm();
  const labels = new Map(nodes.map((node) => [node, new Set(volumeLabels(node))]));
  // A service with several volumes comes first, so that services that share one of them follow it.
  for (const { name, volumes } of services.toSorted((a, b) => b.volumes.length - a.volumes.length)) {
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
  await becomesTrue(async () => (await containersOf(stack, service)).every(isWell), longest);
}

/** The services with a volume that no node has. */
export async function unplacedServices(stack: StackName, { services }: SystemSpec): Promise<string[]> {
  const placed = await placedNames();
  return services
    .filter(({ volumes }) => volumes.some(({ volume }) => !placed.has(fullName(stack, volume))))
    .map(({ name }) => name);
}

/** The volumes of a stack and the nodes that they are on, such as `ragdock-prod-data (node-2)`. */
export async function placedVolumes({ project, stack }: StackName): Promise<string[]> {
  const prefix = fullName({ project, stack }, "");
  return (await nodesOfSwarm()).flatMap((node) =>
    volumeLabels(node)
      .map(volumeOf)
      .filter((name) => name.startsWith(prefix))
      .map((name) => `${name} (${node.Description.Hostname})`),
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
  const volumesOn = (node: Node): number => labels.get(node)?.size ?? 0;
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
  return services.flatMap(({ name, role, volumes }) => {
    const labels = volumes.map(({ volume }) => volumeNodeLabel(fullName(stack, volume)));
    const node = nodes.find((one) => labels.some((label) => hasLabel(one, label)));
    if (!node || canRun(node)) return [];
    const { Hostname } = node.Description;
    const state = node.Status.State === "ready" ? `set to ${node.Spec.Availability}` : node.Status.State;
    return {
      service: name,
      problem: `${name} does not run: its data is on ${Hostname}, which is ${state}.`,
      evidence: [
        `If ${Hostname} comes back, the service starts again with its data. Nothing is lost then.`,
        ...joinedAgain(labels, node, nodes),
        `If it is lost, ${startAgain(
          stack.stack,
          role,
          labels.map((label) => removeLabel(label, node, nodes)),
        )}`,
      ],
      next: "docker node ls",
    };
  });
}

/** The commands for a machine that left the Swarm, and is in it again as another node. */
function joinedAgain(labels: readonly string[], node: Node, nodes: readonly Node[]): string[] {
  const successor = successorOf(node, nodes);
  if (!successor) return [];
  const move = labels.flatMap((label) => [
    removeLabel(label, node, nodes),
    addLabel(label, successor, nodes),
  ]);
  return [
    `${node.Description.Hostname} is in the Swarm again, as another node. If it has its old volumes: ${move.join(" && ")}`,
  ];
}

/** How a service starts without its data on another node. `make up` fills a registry again. */
function startAgain(stack: string, role: Role, remove: readonly string[]): string {
  if (role === "registry")
    return `fill it again on another node: ${[...remove, `make up STACK=${stack}`].join(" && ")}`;
  const commands = ["up", "restore"].map((command) => `make ${command} STACK=${stack} CONFIRM=${stack}`);
  return `restore a backup on another node: ${[...remove, ...commands].join(" && ")}`;
}
