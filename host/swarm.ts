import { Failure } from "../config/spec/failure.ts";
import { setCommand } from "../config/spec/message.ts";
import { publishedPorts, type SystemSpec } from "../config/spec/service.ts";
import { fullName, type StackName } from "../config/spec/stack.ts";
import { volumeNodeLabel } from "../config/spec/swarm.ts";
import { docker } from "./docker-cli.ts";
import { type Node, nodesOfSwarm } from "./tasks.ts";

/** The fields of `docker info` that this uses. */
interface Info {
  readonly Name: string;
  readonly Swarm: { readonly LocalNodeState: string; readonly ControlAvailable: boolean };
}

/** The fields of `docker service inspect` that this uses. */
interface Published {
  readonly Spec: {
    readonly Name: string;
    readonly Labels?: Readonly<Record<string, string>>;
    readonly EndpointSpec?: { readonly Ports?: readonly { readonly PublishedPort?: number }[] };
  };
}

/**
 * Refuses a Docker host that is no manager of a Swarm, and ports that another service of the Swarm
 * publishes.
 */
export async function requireSwarm(stack: string, system: SystemSpec): Promise<void> {
  const { Name, Swarm } = JSON.parse(await docker("info", "--format", "{{json .}}")) as Info;
  if (!Swarm.ControlAvailable)
    throw new Failure(
      Swarm.LocalNodeState === "active"
        ? `ragdock:target is swarm, and ${Name} is a worker of its Swarm. Only a manager can deploy.`
        : `ragdock:target is swarm, and Docker on ${Name} is in no Swarm.`,
      "Select a manager with docker:host, DOCKER_HOST or DOCKER_CONTEXT. To make a Swarm: docker swarm init",
    );
  await requireServicePorts(stack, system);
}

async function requireServicePorts(stack: string, { services }: SystemSpec): Promise<void> {
  const ids = (await docker("service", "ls", "-q")).split("\n").filter(Boolean);
  if (ids.length === 0) return;
  const all = JSON.parse(await docker("service", "inspect", ...ids)) as Published[];
  const others = all.filter(({ Spec }) => Spec.Labels?.["ragdock.stack"] !== stack);
  const lines = services.flatMap((service) =>
    publishedPorts(service).flatMap(({ host, owner = service.name }) => {
      const holder = others.find(({ Spec }) =>
        Spec.EndpointSpec?.Ports?.some(({ PublishedPort }) => PublishedPort === host),
      );
      if (!holder) return [];
      const move = setCommand(`services.${owner}.port`, String(host + 1));
      return [
        `  port ${host} of ${owner} is taken by the service ${holder.Spec.Name}`,
        `      Move ours: ${move}`,
      ];
    }),
  );
  if (lines.length > 0)
    throw new Failure(
      `Ports are taken, and nothing was changed:\n${lines.join("\n")}`,
      "Or remove the service that holds the port.",
    );
}

/**
 * Gives each volume of a system a node, if it has none: a label of the node, which stays in the Swarm
 * after `down`. Volumes of one service get the same node.
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
  }
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
  const usable = nodes.filter(
    ({ Spec, Status }) => Spec.Availability === "active" && Status.State === "ready",
  );
  const chosen = nodes.find(has) ?? usable.toSorted((a, b) => volumesOn(a) - volumesOn(b))[0];
  if (chosen) return chosen;
  throw new Failure(
    `No node of the Swarm can take the data of ${service}.`,
    "Make a node active: docker node update --availability active <node>",
  );
}
