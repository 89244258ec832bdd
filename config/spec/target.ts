/** Where a stack runs: on one Docker engine, or on the nodes of a Docker Swarm. */
export type Target = "engine" | "swarm";

/** The target of settings that are not checked yet. */
export const targetOf = (target: unknown): Target => (target === "swarm" ? "swarm" : "engine");

/** A target as a user reads it. */
export const targetText = (target: Target): string => (target === "swarm" ? "a Swarm" : "one Docker engine");

/** How a Swarm runs a stack. */
export interface SwarmOptions {
  /** Whether the networks between nodes are encrypted. */
  readonly encrypted: boolean;
  /** The nodes' label over whose values replicas are spread. @default over the nodes only */
  readonly spread?: string | undefined;
  /** The label of the nodes that publish ports, where it is `true`. @default all nodes */
  readonly ingressNodes?: string | undefined;
}
