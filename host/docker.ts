import { execFile } from "node:child_process";
import { availableParallelism, totalmem } from "node:os";
import { promisify } from "node:util";
import type { Host } from "../config/spec/host.ts";
import { labels } from "../config/spec/stack.ts";
import { project } from "./paths.ts";

const run = promisify(execFile);

/** The settings of the Docker provider that select an endpoint. */
export interface Endpoint {
  readonly host?: string | undefined;
  readonly context?: string | undefined;
}

let flags: readonly string[] = [];
let environment: NodeJS.ProcessEnv = process.env;

/**
 * Makes every Docker command of this process use the Docker provider's endpoint. The provider's
 * settings take precedence over DOCKER_CONTEXT, DOCKER_HOST and the default socket, in this order.
 * @returns the host's size, if it is this machine
 */
export function useDocker(endpoint: Endpoint): Host {
  const { DOCKER_CONTEXT, DOCKER_HOST, ...others } = process.env;
  const context = endpoint.context || DOCKER_CONTEXT;
  const host = endpoint.host || DOCKER_HOST || "unix:///var/run/docker.sock";
  flags = context ? ["--context", context] : ["--host", host];
  environment = { ...others, ...(context ? { DOCKER_CONTEXT: context } : { DOCKER_HOST: host }) };
  return !context && host.startsWith("unix://") ? thisMachine() : {};
}

const thisMachine = (): Host => ({
  memoryMiB: Math.floor(totalmem() / 2 ** 20),
  cpus: availableParallelism(),
});

/** The docker CLI's arguments for a command on the endpoint in use. */
export const dockerArguments = (...args: string[]): string[] => [...flags, ...args];

/** The environment for programs that run the docker CLI themselves. They use the endpoint in use. */
export const dockerEnvironment = (): NodeJS.ProcessEnv => environment;

/** Runs the docker CLI and returns its standard output. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run("docker", dockerArguments(...args), { maxBuffer: 64 * 2 ** 20 });
  return stdout;
}

/** The fields of `docker volume inspect` that Ragdock uses. */
export interface Volume {
  readonly Name: string;
  /** Null for a volume that was created by hand. */
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly Mountpoint: string;
}

/** The given volumes that exist, by name. */
export async function volumesNamed(names: readonly string[]): Promise<ReadonlyMap<string, Volume>> {
  const there = new Set((await docker("volume", "ls", "-q")).split("\n"));
  const found = names.filter((name) => there.has(name));
  if (found.length === 0) return new Map();
  const volumes = JSON.parse(await docker("volume", "inspect", ...found)) as Volume[];
  return new Map(volumes.map((volume) => [volume.Name, volume]));
}

/** A container's health check as Docker has it. Times are in nanoseconds. */
export interface ContainerHealthcheck {
  readonly Interval: number;
  readonly Timeout: number;
  readonly StartPeriod: number;
  readonly Retries: number;
}

/** The fields of `docker inspect` that Ragdock uses. */
export interface Container {
  readonly Id: string;
  readonly Name: string;
  /** Id of the container's image. */
  readonly Image: string;
  readonly Created: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly StartedAt: string;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly Error: string;
    readonly Health?: {
      readonly Status: "starting" | "healthy" | "unhealthy";
      /** Failed checks since the last good one. Those in the start period do not count. */
      readonly FailingStreak: number;
      readonly Log:
        | readonly { readonly ExitCode: number; readonly Output: string; readonly End: string }[]
        | null;
    };
  };
  readonly Config: {
    readonly Labels: Readonly<Record<string, string>>;
    readonly Image: string;
    readonly Healthcheck?: ContainerHealthcheck;
  };
  readonly HostConfig: {
    readonly Memory: number;
    readonly PortBindings: Readonly<Record<string, { HostIp: string; HostPort: string }[]>> | null;
  };
}

/** The options that select what belongs to a stack and has these labels. */
export const stackFilters = (stack: string, extra: Readonly<Record<string, string>> = {}): string[] =>
  labels({ project, stack }, extra).flatMap(({ label, value }) => ["--filter", `label=${label}=${value}`]);

/** The containers of a stack, sorted by service and age. `service` selects those of one service. */
export async function containersOf(stack: string, service?: string): Promise<Container[]> {
  const own = service ? { "ragdock.service": service } : {};
  const ids = (await docker("ps", "-aq", "--no-trunc", ...stackFilters(stack, own)))
    .split("\n")
    .filter(Boolean);
  if (ids.length === 0) return [];
  const all = JSON.parse(await docker("inspect", ...ids)) as Container[];
  return all.sort((a, b) => serviceOf(a).localeCompare(serviceOf(b)) || a.Created.localeCompare(b.Created));
}

/** The current state of one container. */
export async function containerOf(id: string): Promise<Container> {
  return (JSON.parse(await docker("inspect", id)) as [Container])[0];
}

/** The service that a container belongs to. */
export const serviceOf = (container: Container): string => container.Config.Labels["ragdock.service"] ?? "";

/** Whether a container belongs to a job, which runs once. */
export const isJob = ({ Config }: Container): boolean => Config.Labels["ragdock.kind"] === "job";

/** Whether a job's container has succeeded, or any other container is healthy. */
export function isWell(container: Container): boolean {
  const { State } = container;
  if (isJob(container)) return State.Status === "exited" && State.ExitCode === 0;
  return State.Status === "running" && State.Health?.Status === "healthy";
}
