import { availableParallelism, totalmem } from "node:os";
import type { Host } from "../config/settings/rules/capacity.ts";

/** The engine's host as far as it is known: this machine, unless DOCKER_HOST or DOCKER_CONTEXT may lead to another one. */
export function engineHost(): Host {
  const { DOCKER_HOST, DOCKER_CONTEXT } = process.env;
  const local = DOCKER_HOST ? DOCKER_HOST.startsWith("unix://") : !DOCKER_CONTEXT;
  return local ? { memoryMiB: Math.floor(totalmem() / 2 ** 20), cpus: availableParallelism() } : {};
}
