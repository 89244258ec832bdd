import { AsyncLocalStorage } from "node:async_hooks";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { labels } from "../config/spec/stack.ts";
import type { Target } from "../config/spec/target.ts";
import { type DockerSettings, type Endpoint, endpointOf, environmentFor } from "./endpoint.ts";
import { project } from "./paths.ts";

const run = promisify(execFile);

let endpoint: Endpoint | undefined;
let target: Target = "engine";

/** The Docker of one node of a Swarm, for the commands of a scope. */
const node = new AsyncLocalStorage<Endpoint>();

/**
 * Selects the Docker host of a stack for every Docker command of this process.
 * @throws Failure if there is no such host
 */
export async function useDocker(settings: DockerSettings): Promise<Endpoint> {
  target = settings.target ?? "engine";
  endpoint = await endpointOf(settings, process.env);
  return endpoint;
}

/** Runs `work` with another Docker for all its commands: that of one node, which shows its own containers. */
export const onNode = <T>(at: Endpoint, work: () => Promise<T>): Promise<T> => node.run(at, work);

/** Returns a function that runs its argument with the Docker that is in use now. */
export const withThisDocker = (): (<T>(work: () => T) => T) => AsyncLocalStorage.snapshot();

/** Whether the Docker in use manages the stack's Swarm. False within `onNode`. */
export const onSwarm = (): boolean => target === "swarm" && node.getStore() === undefined;

/** The Docker host in use. Undefined before the first `useDocker`. */
export const dockerEndpoint = (): Endpoint | undefined => node.getStore() ?? endpoint;

/**
 * The environment for programs that use Docker. They use the same host, and get the variables that
 * this process has set since.
 */
export const dockerEnvironment = (): NodeJS.ProcessEnv => {
  const used = dockerEndpoint();
  return used ? environmentFor(used, process.env) : process.env;
};

/** Runs the docker CLI and returns its standard output. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run("docker", args, { env: dockerEnvironment(), maxBuffer: 64 * 2 ** 20 });
  return stdout;
}

/**
 * The given objects as `docker inspect` describes them, without those that someone has removed in
 * the meantime.
 */
export async function inspectAll<T>(
  kind: "container" | "network" | "volume" | "service" | "task",
  names: readonly string[],
): Promise<T[]> {
  if (names.length === 0) return [];
  try {
    return JSON.parse(await docker("inspect", "--type", kind, ...names));
  } catch (error) {
    // Docker prints all objects that it finds, and one error for each missing object.
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const errors = stderr.trim().split("\n");
    if (errors.every((line) => /no such|not found/i.test(line))) return JSON.parse(stdout);
    throw error;
  }
}

/** The options that select what belongs to a stack and has these labels. */
export const stackFilters = (stack: string, extra: Readonly<Record<string, string>> = {}): string[] =>
  labels({ project, stack }, extra).flatMap(({ label, value }) => ["--filter", `label=${label}=${value}`]);
