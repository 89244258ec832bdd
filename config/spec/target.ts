/** Where a stack runs: on one Docker engine, or on the nodes of a Docker Swarm. */
export type Target = "engine" | "swarm";
