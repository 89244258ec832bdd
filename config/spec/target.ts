/** Where a stack runs: on one Docker engine, or on the nodes of a Docker Swarm. */
export type Target = "engine" | "swarm";

/** The target of settings that are not checked yet. */
export const targetOf = (target: unknown): Target => (target === "swarm" ? "swarm" : "engine");
