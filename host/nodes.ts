/**
 * The Docker of each node of a Swarm. A manager can neither run a program in a container of another
 * node nor read its volumes.
 */
import { Failure } from "../config/spec/failure.ts";
import { nodeHostLabel } from "../config/spec/swarm.ts";
import { type Container, containerOf } from "./docker.ts";
import { docker, dockerEndpoint, onNode } from "./docker-cli.ts";
import type { Endpoint } from "./endpoint.ts";
import { type Node, nodesOfSwarm } from "./tasks.ts";
import { nodeWord } from "./volume-nodes.ts";

/**
 * Runs `work` with a container as the Docker of its node describes it. All Docker commands of `work`
 * go to this Docker. For a container on one engine, that is the Docker in use.
 * @throws Failure if the task has no container, or if the Docker of its node is unknown or does not answer
 */
export async function atContainer<T>(
  container: Container,
  work: (container: Container) => Promise<T>,
): Promise<T> {
  const { Node, OnNode, Name } = container;
  if (Node === undefined) return work(container);
  if (OnNode === undefined)
    throw new Failure(`${Name.slice(1)} has no container yet.`, "Wait until it runs: make status");
  const endpoint = await dockerOf(Node);
  return onNode(endpoint, async () => {
    const there = containerOf(OnNode).catch((error: { readonly stderr?: string }) => {
      throw new Failure(
        `Docker on ${Node} does not answer at ${endpoint.host} (${endpoint.source}): ${error.stderr?.trim() ?? error}`,
        "See which nodes run: docker node ls",
      );
    });
    return work(await there);
  });
}

/** The Docker of the node with this name. @throws Failure if its address is unknown */
async function dockerOf(name: string): Promise<Endpoint> {
  const [nodes, self] = await Promise.all([
    nodesOfSwarm(),
    docker("info", "--format", "{{.Swarm.NodeID}}").then((id) => id.trim()),
  ]);
  // A machine that left the Swarm and joined again has an old entry too, which is down.
  const named = nodes.filter(({ Description }) => Description.Hostname === name);
  const node = named.find(({ Status }) => Status.State === "ready") ?? named[0];
  const manager = dockerEndpoint();
  const endpoint = node && manager && (node.ID === self ? manager : endpointFor(node, manager));
  if (endpoint) return endpoint;
  throw new Failure(
    `This command needs Docker on ${name}, and does not know its address.`,
    `Give the node a label: docker node update --label-add ${nodeHostLabel}=ssh://deploy@${(node && addressOf(node)) ?? name} ${node ? nodeWord(node, nodes) : name}`,
  );
}

/** By the label of the node, otherwise over ssh as the manager. Undefined if neither is possible. */
export function endpointFor(node: Node, manager: Endpoint): Endpoint | undefined {
  const label = node.Spec.Labels?.[nodeHostLabel];
  const { certificates } = manager;
  if (label)
    return { host: label, source: `the label ${nodeHostLabel}`, ...(certificates ? { certificates } : {}) };
  const address = addressOf(node);
  if (!manager.host.startsWith("ssh://") || !address) return undefined;
  const url = new URL(manager.host);
  url.hostname = address;
  return { host: url.href, source: `the address of ${node.Description.Hostname}` };
}

/**
 * The address of a node, in the form of a URL. The status of a manager may have 0.0.0.0
 * (moby/moby#35437), which would be the machine of the command.
 */
function addressOf({ Status, ManagerStatus }: Node): string | undefined {
  const manager = ManagerStatus?.Addr && new URL(`tcp://${ManagerStatus.Addr}`).hostname;
  const { Addr = "" } = Status;
  const known = [manager, Addr.includes(":") ? `[${Addr}]` : Addr];
  return known.find((address) => address && !["0.0.0.0", "[::]"].includes(address));
}
