/** The labels by which the nodes of a Swarm have volumes. */
import { Failure } from "../config/spec/failure.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { fullName, type StackName } from "../config/spec/stack.ts";
import { volumeNodeLabel } from "../config/spec/swarm.ts";
import { type Node, nodesOfSwarm } from "./tasks.ts";

const prefix = volumeNodeLabel("");

/** Whether a node has a label as Swarm wants it for a volume. */
export const hasLabel = ({ Spec }: Node, label: string): boolean => Spec.Labels?.[label] === "true";

/** The labels of the volumes that a node has. */
export const volumeLabels = (node: Node): string[] =>
  Object.keys(node.Spec.Labels ?? {}).filter((label) => label.startsWith(prefix) && hasLabel(node, label));

/** The full name of the volume of a label. */
export const volumeOf = (label: string): string => label.slice(prefix.length);

/** Full names of the volumes that have a node. */
export const placedNames = async (): Promise<ReadonlySet<string>> =>
  new Set((await nodesOfSwarm()).flatMap(volumeLabels).map(volumeOf));

const isNamesake = (node: Node, other: Node): boolean =>
  other.ID !== node.ID && other.Description.Hostname === node.Description.Hostname;

/**
 * A node as a command needs it: its name, or its ID if another node has the same name. A machine that
 * left the Swarm and joined again has two entries with its name.
 */
export const nodeWord = (node: Node, nodes: readonly Node[]): string =>
  nodes.some((other) => isNamesake(node, other)) ? node.ID : node.Description.Hostname;

/** The ready node with the same name as this one. */
export const successorOf = (node: Node, nodes: readonly Node[]): Node | undefined =>
  nodes.find((other) => isNamesake(node, other) && other.Status.State === "ready");

/** A node as a user reads it. */
const nodeText = (node: Node, nodes: readonly Node[]): string => {
  const word = nodeWord(node, nodes);
  const { Hostname } = node.Description;
  return word === Hostname ? Hostname : `${Hostname} (${word}, ${node.Status.State})`;
};

/** Removes the label of a volume from a node. */
export const removeLabel = (label: string, node: Node, nodes: readonly Node[]): string =>
  `docker node update --label-rm ${label} ${nodeWord(node, nodes)}`;

/** Gives a node the label of a volume. */
export const addLabel = (label: string, node: Node, nodes: readonly Node[]): string =>
  `docker node update --label-add ${label}=true ${nodeWord(node, nodes)}`;

/**
 * Refuses labels with which Swarm would not find the data of a system.
 * @throws Failure if a label has another value than `true`, if two nodes have the same volume, or if
 * volumes of one service have different nodes
 */
export async function requirePlacement(stack: StackName, { services }: SystemSpec): Promise<void> {
  const nodes = await nodesOfSwarm();
  const used = services.map(({ name, volumes }) => ({
    name,
    labels: volumes.map(({ volume }) => volumeNodeLabel(fullName(stack, volume))),
  }));
  const all = [...new Set(used.flatMap(({ labels }) => labels))];
  const lines = [
    ...all.flatMap((label) => wrongValues(label, nodes)),
    ...all.flatMap((label) => doubled(label, nodes)),
    ...used.flatMap(({ name, labels }) => apart(name, labels, nodes)),
  ];
  if (lines.length === 0) return;
  throw new Failure(
    `Labels of nodes are wrong, and nothing was changed:\n${lines.join("\n")}`,
    "First find out which node has the data: docker volume ls shows the volumes of a node, on that node.",
  );
}

/** Nodes on which the label of a volume has another value than `true`. Swarm starts nothing there. */
const wrongValues = (label: string, nodes: readonly Node[]): string[] =>
  nodes
    .filter((node) => Object.hasOwn(node.Spec.Labels ?? {}, label) && !hasLabel(node, label))
    .flatMap((node) => [
      `  ${label} is "${node.Spec.Labels?.[label]}" on ${nodeText(node, nodes)}, and must be true`,
      `      If the volume is there: ${addLabel(label, node, nodes)}`,
      `      Otherwise: ${removeLabel(label, node, nodes)}`,
    ]);

/** The nodes of a volume that has more than one. Its service would start on either. */
function doubled(label: string, nodes: readonly Node[]): string[] {
  const having = nodes.filter((node) => hasLabel(node, label));
  if (having.length < 2) return [];
  return [
    `  ${volumeOf(label)} is on ${having.map((node) => nodeText(node, nodes)).join(" and ")}`,
    "      Remove the label from the node without the data:",
    ...having.map((node) => `        ${removeLabel(label, node, nodes)}`),
  ];
}

/** The volumes of a service that are on different nodes. The service can run on none of them. */
function apart(service: string, labels: readonly string[], nodes: readonly Node[]): string[] {
  const placed = labels.flatMap((label) => {
    const [node, ...others] = nodes.filter((one) => hasLabel(one, label));
    return node && others.length === 0 ? [{ label, node }] : [];
  });
  if (new Set(placed.map(({ node }) => node.ID)).size < 2) return [];
  return [
    `  the volumes of ${service} are on different nodes, and it can run on one node only`,
    "      Move the data to one node, and the label with it. Remove the label from the other one:",
    ...placed.map(({ label, node }) => `        ${removeLabel(label, node, nodes)}`),
  ];
}
