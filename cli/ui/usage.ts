import { execa } from "execa";
import { Failure } from "../../config/spec/failure.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { fullName } from "../../config/spec/stack.ts";
import { type Container, docker, dockerEnvironment, serviceOf } from "../../host/docker.ts";
import { atContainer } from "../../host/nodes.ts";
import { project } from "../../host/paths.ts";

/** The resources that a container uses. */
export interface Usage {
  /** Percent of one core: 150 is one and a half cores. */
  readonly cpuPercent: number;
  /** The used memory and the limit, in Docker's format: `51.4MiB / 512MiB`. */
  readonly memory: string;
}

/** The size of a volume's data. */
export interface VolumeSize {
  /** Its full name. */
  readonly volume: string;
  /** The services that use the volume. */
  readonly service: string;
  /** The size is undefined if no container can measure it. */
  readonly bytes?: number;
}

/** Whether its container can be asked. A task that begins may have none yet. */
const isRunning = ({ State, Node, OnNode }: Container): boolean =>
  State.Status === "running" && (Node === undefined || OnNode !== undefined);

/**
 * Returns the resources that each running container uses, by its id. Docker measures the CPU for
 * two seconds. Empty on a host where Docker has no cgroups, because it would return the whole
 * machine's resources for each container.
 */
export async function usageOf(containers: readonly Container[]): Promise<ReadonlyMap<string, Usage>> {
  const byNode = Map.groupBy(containers.filter(isRunning), ({ Node }) => Node);
  return new Map((await Promise.all([...byNode.values()].map(usageOnNode))).flat());
}

/** Of the containers of one Docker. Empty for a node of a Swarm whose Docker cannot be asked. */
async function usageOnNode(own: readonly Container[]): Promise<[string, Usage][]> {
  const ids = new Map(own.map(({ Id, OnNode = Id }) => [OnNode, Id]));
  const format = "{{.ID}}\t{{.CPUPerc}}\t{{.MemUsage}}";
  const text = await atContainer(own[0] as Container, async () => {
    if (await hasNoCgroups()) return "";
    // `docker stats` fails for a container that has gone, and shows zeros for one that has not begun.
    const there = new Set((await docker("ps", "-q", "--no-trunc")).split("\n"));
    const running = [...ids.keys()].filter((id) => there.has(id));
    if (running.length === 0) return "";
    return docker("stats", "--no-stream", "--no-trunc", "--format", format, ...running);
  }).catch(onNodeOnly(""));
  const lines = text.split("\n").filter(Boolean);
  return lines.map((line) => usageIn(line.split("\t"))).map(([id, usage]) => [ids.get(id) ?? id, usage]);
}

/** The value in place of that of a node whose Docker cannot be asked. */
const onNodeOnly =
  <T>(value: T) =>
  (error: Error): T => {
    if (error instanceof Failure) return value;
    throw error;
  };

/** Rootless Docker has no cgroups on a host with cgroup v1. */
const hasNoCgroups = async (): Promise<boolean> =>
  (await docker("info", "--format", "{{.CgroupDriver}}")).trim() === "none";

const usageIn = ([id = "", cpu = "", memory = ""]: readonly string[]): [string, Usage] => [
  id,
  { cpuPercent: Number.parseFloat(cpu), memory },
];

/**
 * The sizes of a stack's volumes, each measured in a container that mounts it. `docker system df`
 * would measure every volume and image of the host.
 */
export async function volumeSizes(
  stack: string,
  system: SystemSpec,
  containers: readonly Container[],
): Promise<VolumeSize[]> {
  const mounts = system.services.flatMap(({ name, volumes }) => volumes.map((mount) => ({ ...mount, name })));
  const byVolume = Map.groupBy(mounts, ({ volume }) => volume);
  return Promise.all(
    [...byVolume].map(async ([volume, own]) => {
      const readable = own.map(({ name, path }) => ({
        path,
        container: containers.find((c) => serviceOf(c) === name && isRunning(c)),
      }));
      const at = readable.find(({ container }) => container);
      const bytes = at?.container
        ? await atContainer(at.container, ({ Id }) => folderSize(Id, at.path)).catch(onNodeOnly(undefined))
        : undefined;
      return {
        volume: fullName({ project, stack }, volume),
        service: [...new Set(own.map(({ name }) => name))].join(", "),
        ...(bytes === undefined ? {} : { bytes }),
      };
    }),
  );
}

/** Bytes in a folder of a container. Undefined if its image has no `du`. */
async function folderSize(id: string, path: string): Promise<number | undefined> {
  const args = ["exec", id, "du", "-sk", path];
  const { stdout } = await execa("docker", args, {
    env: dockerEnvironment(),
    reject: false,
    timeout: 20_000,
  });
  // If a file is removed meanwhile, `du` fails, but only after it has counted the others.
  const kibibytes = /^(\d+)\s/.exec(stdout)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
