import { publishedPorts, type ServiceSpec } from "./service.ts";

/** Whether a service of a Swarm has a container on each node: a port takes one container there. */
export const isOnEachNode = (service: ServiceSpec): boolean => publishedPorts(service).length > 0;

/**
 * A node's label with which a Swarm finds the volume of this full name. Containers that use the
 * volume run on this node only.
 */
export const volumeNodeLabel = (volume: string): string => `ragdock.volume.${volume}`;
