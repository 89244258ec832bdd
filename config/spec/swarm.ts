import { createHash } from "node:crypto";
import { secretsIn } from "./content.ts";
import { type FileSpec, type LongRunning, publishedPorts, type ServiceSpec } from "./service.ts";
import { fullName, type StackName } from "./stack.ts";

/** Exporters that measure the machine that they run on. */
const ofOneHost = ["node-exporter", "cadvisor"];

/** Whether a service measures the machine that it runs on. */
export const measuresHost = ({ name, role }: ServiceSpec): boolean =>
  role === "exporter" && ofOneHost.includes(name);

/**
 * Whether a service of a Swarm has a container on each node: a port takes one container there, and
 * each node is measured. A service with data is on one node.
 */
export const isOnEachNode = (service: ServiceSpec): boolean =>
  service.volumes.length === 0 && (publishedPorts(service).length > 0 || measuresHost(service));

/**
 * A node's label with which a Swarm finds the volume of this full name. Containers that use the
 * volume run on this node only.
 */
export const volumeNodeLabel = (volume: string): string => `ragdock.volume.${volume}`;

/**
 * A node's label with the address of its Docker, such as `ssh://deploy@10.0.0.12`. Commands that run a
 * program in a container, or read a volume, connect to it.
 */
export const nodeHostLabel = "ragdock.host";

/**
 * A label of a service of Swarm with the generation of the password with which nodes pull its image
 * from the registry of the stack.
 */
export const loginLabel = "ragdock.login";

/**
 * Stops a service with data if the deployment replaces it.
 * @param login the value of `loginLabel` that it will have
 */
export type StopReplaced = (service: LongRunning, login: string | undefined) => Promise<void>;

/** Docker's option of an overlay network that encrypts. It has no value. */
export const encryptedOption = "encrypted";

/** Swarm's expression for the nodes on which a label is `true`. */
export const nodesWith = (label: string): string => `node.labels.${label}==true`;

/** Characters of a name. Swarm takes 64, and the deployer adds eight. */
const longest = 56;

/** Whether a file of a service is a secret of Swarm. */
export const isSecret = ({ content }: FileSpec): boolean => secretsIn(content).length > 0;

/**
 * The name of the resource of a file. Its digest keeps names apart that are the same in their first
 * characters.
 */
export function fileResource(stack: StackName, { name }: ServiceSpec, { path }: FileSpec): string {
  const digest = createHash("sha256").update(`${name} ${path}`).digest("hex").slice(0, 8);
  return `${fullName(stack, name).slice(0, longest - digest.length - 1)}-${digest}`;
}
