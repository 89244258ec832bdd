import { availableParallelism, totalmem } from "node:os";
import type { Host } from "./capacity.ts";

/** The engine's host as far as it is known: this machine, unless DOCKER_HOST leads to another one. */
export function engineHost(): Host {
  const local = (process.env.DOCKER_HOST ?? "unix://").startsWith("unix://");
  return local ? { memoryMiB: Math.floor(totalmem() / 2 ** 20), cpus: availableParallelism() } : {};
}
