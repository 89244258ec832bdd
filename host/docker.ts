import type { Container } from "./container.ts";
import { docker, inspectAll, onSwarm, stackFilters } from "./docker-cli.ts";
import { tasksOf } from "./tasks.ts";

export type { Container, ContainerHealthcheck } from "./container.ts";
export {
  docker,
  dockerEndpoint,
  dockerEnvironment,
  inspectAll,
  onSwarm,
  stackFilters,
  useDocker,
  withThisDocker,
} from "./docker-cli.ts";

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

/**
 * The containers of a stack, sorted by service and age. `service` selects those of one service. On a
 * Swarm these are its tasks on all nodes, and the jobs.
 */
export async function containersOf(stack: string, service?: string): Promise<Container[]> {
  const own = {
    ...(service ? { "ragdock.service": service } : {}),
    ...(onSwarm() ? { "ragdock.kind": "job" } : {}),
  };
  const ids = (await docker("ps", "-aq", "--no-trunc", ...stackFilters(stack, own)))
    .split("\n")
    .filter(Boolean);
  const tasks = onSwarm() ? await tasksOf(stack, service) : [];
  const all = [...(await inspectAll<Container>("container", ids)), ...tasks];
  return all.sort((a, b) => serviceOf(a).localeCompare(serviceOf(b)) || a.Created.localeCompare(b.Created));
}

/** The current state of one container. */
export async function containerOf(id: string): Promise<Container> {
  return (JSON.parse(await docker("inspect", id)) as [Container])[0];
}

/** The docker command that prints the log of a container, without its id. */
export const logCommand = ({ Node }: Container): readonly string[] =>
  Node === undefined ? ["logs"] : ["service", "logs", "--raw"];

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
