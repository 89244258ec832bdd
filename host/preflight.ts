import { createServer } from "node:net";
import { Failure } from "../config/spec/failure.ts";
import { setCommand } from "../config/spec/message.ts";
import { deployedPart, imagesOnly } from "../config/spec/part.ts";
import { type Outputs, type RecordedVolumes, recordedVolumes } from "../config/spec/recorded-volumes.ts";
import { listenAddress, ownVolumes, publishedPorts, type SystemSpec } from "../config/spec/service.ts";
import { fullName, type StackName } from "../config/spec/stack.ts";
import { type AddressPool, requireNetworks } from "./address-pools.ts";
import { brokenContainers } from "./broken-containers.ts";
import {
  type Container,
  containersOf,
  docker,
  dockerEndpoint,
  serviceOf,
  type Volume,
  volumesNamed,
} from "./docker.ts";
import { isHere } from "./endpoint.ts";
import { requireOldTargetStopped } from "./old-target.ts";
import { requireOwnData, requirePlacedData } from "./own-data.ts";
import { requireOwnDatabase } from "./own-database.ts";
import { project } from "./paths.ts";
import { onDockerHost } from "./server.ts";
import { requireSwarm } from "./swarm.ts";
import { requirePlacement } from "./volume-nodes.ts";

/**
 * Bytes that a first build of all images takes. A Docker host with less free space counts as full.
 */
const leastDisk = 2 * 2 ** 30;

/** What a stack has on the Docker host. */
export interface Found {
  readonly containers: readonly Container[];
  /** Creation times of its volumes, by full name. */
  readonly existingVolumes: RecordedVolumes;
  /** Ids of broken containers that will be replaced, by the name of their resource. */
  readonly broken: Readonly<Record<string, string>>;
}

/**
 * Checks the Docker host, and returns what the deployed part of a stack has on it. The program calls
 * it, so it protects a stack under each deployer, in previews too.
 * @param outputs of the stack
 * @throws Failure if the stack's data is gone, or if the host is not free
 */
export async function inspectHost(stack: StackName, whole: SystemSpec, outputs: Outputs): Promise<Found> {
  const system = deployedPart(whole);
  const recorded = recordedVolumes(outputs, system.target);
  if (system.target === "swarm") {
    await requireFreeHost(stack.stack, system, []);
    await requirePlacement(stack, system);
    const existingVolumes = await requirePlacedData(stack, system, recorded);
    return { containers: await containersOf(stack.stack), existingVolumes, broken: {} };
  }
  const [containers, existingVolumes] = await Promise.all([
    containersOf(stack.stack),
    requireOwnData(stack, system, recorded),
  ]);
  requireOwnDatabase(system, containers);
  if (!process.env[imagesOnly]) await requireFreeHost(stack.stack, system, containers);
  return { containers, existingVolumes, broken: brokenContainers(stack, system, containers) };
}

/**
 * Refuses a host that runs the stack on another target, a full disk, taken ports, too few addresses
 * for networks, and volumes of other users.
 * @param containers the stack's own
 */
export async function requireFreeHost(
  stack: string,
  system: SystemSpec,
  containers: readonly Container[],
): Promise<void> {
  await requireOldTargetStopped(stack, system.target);
  // A manager does not see the disk, the ports and the volumes of the other nodes.
  if (system.target === "swarm") return requireSwarm(stack, system);
  const info = await dockerInfo();
  await Promise.all([
    requireDisk(info),
    requirePorts(system, containers),
    requireNetworks(stack, system, info.DefaultAddressPools),
    ...(mapsUsers(info) ? [] : [requireVolumeOwners(stack, system)]),
  ]);
}

/** The fields of `docker info` that the checks use. */
interface Info {
  readonly DockerRootDir: string;
  readonly SecurityOptions: readonly string[] | null;
  /** Absent if Docker uses its own. */
  readonly DefaultAddressPools?: readonly AddressPool[] | null;
}

const dockerInfo = async (): Promise<Info> =>
  JSON.parse(await docker("info", "--format", "{{json .}}")) as Info;

/**
 * Whether user IDs in containers differ from those on the Docker host: in rootless Docker, and with
 * `userns-remap`.
 */
const mapsUsers = ({ SecurityOptions }: Info): boolean =>
  SecurityOptions?.some((option) => /name=(rootless|userns)/.test(option)) ?? false;

/** Refuses to start if the disk is so full that the stores would fail. */
export async function requireDisk(info?: Info): Promise<void> {
  const { DockerRootDir: root } = info ?? (await dockerInfo());
  const free = freeBytes(await onDockerHost("df", "-Pk", root));
  if (free === undefined || free >= leastDisk) return;
  throw new Failure(
    `Docker's disk (${root}) has ${(free / 2 ** 30).toFixed(1)} GiB left. At least ${leastDisk / 2 ** 30} GiB are needed.`,
    "Free some: `make prune` removes this project's unused images and the build cache, and never a volume.",
  );
}

/** The free bytes in the output of `df -Pk`, which POSIX specifies. */
function freeBytes(output = ""): number | undefined {
  const [, , , kibibytes] = output.split("\n")[1]?.trim().split(/\s+/) ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/**
 * Refuses ports that another program uses. Names the program, and the setting that changes the port
 * of the stack.
 * @param containers the stack's own
 */
export async function requirePorts(system: SystemSpec, containers: readonly Container[]): Promise<void> {
  const ours = new Set(
    containers.flatMap((c) =>
      Object.values(c.HostConfig.PortBindings ?? {}).flatMap((bindings) =>
        bindings.map((b) => `${serviceOf(c)}:${b.HostPort}`),
      ),
    ),
  );
  const wanted = system.services.flatMap((s) =>
    publishedPorts(s)
      .filter(({ host }) => !ours.has(`${s.name}:${host}`))
      .map((port) => ({ ...port, owner: port.owner ?? s.name })),
  );
  const lines: string[] = [];
  for (const port of wanted) {
    const { host, owner } = port;
    if (await isFree(host, listenAddress(port))) continue;
    const move = setCommand(`services.${owner}.port`, String(host + 1));
    lines.push(`  port ${host} of ${owner} is taken by ${await holder(host)}`, `      Move ours: ${move}`);
  }
  if (lines.length === 0) return;
  throw new Failure(
    `Ports are taken, and nothing was changed:\n${lines.join("\n")}`,
    "Or stop the program that uses the port.",
  );
}

/**
 * Whether a port of the Docker host is free. On a host that is reached over TCP, only containers
 * count.
 */
async function isFree(port: number, address: string): Promise<boolean> {
  const endpoint = dockerEndpoint();
  if (!endpoint || isHere(endpoint)) return canListen(port, address);
  return !(await publisher(port)) && !(await onDockerHost("ss", "-ltnH", `sport = :${port}`))?.trim();
}

function canListen(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "EADDRINUSE"))
      .once("listening", () => server.close(() => resolve(true)))
      .listen(port, address);
  });
}

/** The container that publishes a port. Returns "" if no container does. */
const publisher = async (port: number): Promise<string> =>
  (await docker("ps", "--filter", `publish=${port}`, "--format", "{{.Names}}")).trim().split("\n")[0] ?? "";

async function holder(port: number): Promise<string> {
  const container = await publisher(port);
  if (container) return `the container ${container}`;
  const sockets = (await onDockerHost("ss", "-ltnpH", `sport = :${port}`)) ?? "";
  const process = /users:\(\("([^"]+)",pid=(\d+)/.exec(sockets);
  return process ? `${process[1]} (process ${process[2]})` : "another program";
}

/**
 * Refuses volumes whose data belongs to another user than the user of the service. Checks them only
 * as root on the Docker host, because other users cannot read them.
 */
async function requireVolumeOwners(stack: string, { services }: SystemSpec): Promise<void> {
  const used = services.flatMap((service) =>
    ownVolumes(service).map(({ volume }) => ({
      name: service.name,
      user: service.user,
      volume: fullName({ project, stack }, volume),
    })),
  );
  const there = await volumesNamed(used.map(({ volume }) => volume));
  const lines: string[] = [];
  for (const { name, user, volume } of used) {
    if (!user) continue;
    const [wanted] = user.split(":");
    const found = await ownerOf(there.get(volume));
    if (found === undefined || found === Number(wanted)) continue;
    lines.push(
      `  volume ${volume} belongs to user ${found}, and ${name} runs as user ${wanted}`,
      `      Change its owner: docker run --rm -u 0 -v ${volume}:/data <any image> chown -R ${user} /data`,
    );
  }
  if (lines.length === 0) return;
  throw new Failure(
    `Volumes belong to other users, and nothing was changed:\n${lines.join("\n")}`,
    "First find out who owns the data.",
  );
}

/**
 * Returns the owner of a volume that is not empty. An empty volume takes its owner from the image.
 */
async function ownerOf(volume: Volume | undefined): Promise<number | undefined> {
  if (!volume) return undefined;
  const owner = await onDockerHost(
    "find",
    volume.Mountpoint,
    "-maxdepth",
    "0",
    "-not",
    "-empty",
    "-printf",
    "%U",
  );
  return owner ? Number(owner) : undefined;
}
