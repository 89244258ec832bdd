import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { labels } from "../config/spec/stack.ts";
import { type DockerSettings, type Endpoint, endpointOf, environmentFor } from "./endpoint.ts";
import { project } from "./paths.ts";

const run = promisify(execFile);

let endpoint: Endpoint | undefined;

/**
 * Selects the Docker host of a stack for every Docker command of this process.
 * @throws Failure if there is no such host
 */
export async function useDocker(settings: DockerSettings): Promise<Endpoint> {
  endpoint = await endpointOf(settings, process.env);
  return endpoint;
}

/** The Docker host in use. Undefined before the first `useDocker`. */
export const dockerEndpoint = (): Endpoint | undefined => endpoint;

/**
 * The environment for programs that use Docker. They use the same host, and get the variables that
 * this process has set since.
 */
export const dockerEnvironment = (): NodeJS.ProcessEnv =>
  endpoint ? environmentFor(endpoint, process.env) : process.env;

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
  kind: "container" | "network" | "volume",
  names: readonly string[],
): Promise<T[]> {
  if (names.length === 0) return [];
  try {
    return JSON.parse(await docker(kind, "inspect", ...names));
  } catch (error) {
    // Docker prints all objects that it finds, and one error for each missing object.
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const errors = stderr.trim().split("\n");
    if (errors.every((line) => /no such|not found/i.test(line))) return JSON.parse(stdout);
    throw error;
  }
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
  const volumes = await inspectAll<Volume>("volume", found);
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
  /** The program that it was started with. */
  readonly Path: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly StartedAt: string;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly Error: string;
    readonly Health?: {
      readonly Status: "starting" | "healthy" | "unhealthy";
      /** Failed checks since the last good one. Failures in the start period do not count. */
      readonly FailingStreak: number;
      readonly Log:
        | readonly { readonly ExitCode: number; readonly Output: string; readonly End: string }[]
        | null;
    };
  };
  readonly Config: {
    readonly Labels: Readonly<Record<string, string>>;
    readonly Image: string;
    /** Its variables, as `NAME=value`. */
    readonly Env?: readonly string[] | null;
    readonly Healthcheck?: ContainerHealthcheck;
  };
  readonly Mounts: readonly { readonly Destination: string }[];
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, unknown>> };
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
  const all = await inspectAll<Container>("container", ids);
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
