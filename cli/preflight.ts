import { createServer } from "node:net";
import { basename } from "node:path";
import { Failure } from "../config/spec/failure.ts";
import { forStack, setCommand } from "../config/spec/problem.ts";
import { listenAddress, publishedPorts, type SystemSpec } from "../config/spec/service.ts";
import { fullName } from "../config/spec/stack.ts";
import {
  type Container,
  docker,
  dockerEndpoint,
  serviceOf,
  stackFilters,
  type Volume,
  volumesNamed,
} from "../host/docker.ts";
import { isHere } from "../host/endpoint.ts";
import { project, stateDir } from "../host/paths.ts";
import { onDockerHost } from "../host/server.ts";
import { isNewStack } from "./backends/deployer.ts";
import { print } from "./command.ts";
import { changeSettings, ownSettings, stackFile } from "./stack-file.ts";

/**
 * Bytes that a first build of all images takes. A Docker host with less free space counts as full.
 */
const leastDisk = 2 * 2 ** 30;

/**
 * Refuses a stack that runs in Docker but has no state in this folder. Another user has the state,
 * or it is lost.
 */
export async function requireOwnState(stack: string): Promise<void> {
  if (!isNewStack(stack)) return;
  const networks = (await docker("network", "ls", "-q", ...stackFilters(stack))).split("\n").filter(Boolean);
  if (networks.length === 0) return;
  throw new Failure(
    `Stack "${stack}" runs on this Docker host already, and its state is not in ${stateDir}. Nothing was changed.`,
    "Another user deployed it, or XDG_STATE_HOME was another folder. Deploy it from there, or give this one another name: make up STACK=mine.\n" +
      `If the state is lost, remove the containers and networks with the label ragdock.stack=${stack}. Volumes keep their data.`,
  );
}

/** Refuses to start if the disk is so full that the stores would fail. */
export async function requireDisk(): Promise<void> {
  const root = (await docker("info", "--format", "{{.DockerRootDir}}")).trim();
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

/** The public registry. Any answer, even a refusal, shows that registries can be reached. */
const registryUrl = "https://registry-1.docker.io/v2/";

/**
 * Decides where the images of a stack come from, if its file does not say, and writes that into the
 * file. A later run, or a run from another clone, then uses the same source.
 */
export async function chooseImages(stack: string): Promise<void> {
  const { images, registry } = ownSettings(stack);
  if (images || registry || (await registryAnswers())) return;
  changeSettings(stack, [[["images"], "packages"]]);
  print(
    `No container registry answers: images are built from Debian and PyPI packages. ${basename(stackFile(stack))} says so now (ragdock:images).`,
  );
}

async function registryAnswers(): Promise<boolean> {
  const response = await fetch(registryUrl, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
  return response?.status === 200 || response?.status === 401;
}

/**
 * Refuses ports that another program holds. Names the program and the setting that moves ours.
 * @param containers the stack's own
 */
export async function requirePorts(
  stack: string,
  system: SystemSpec,
  containers: readonly Container[],
): Promise<void> {
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
    const move = forStack(setCommand(`services.${owner}.port`, String(host + 1)), stack);
    lines.push(
      `  port ${host} of ${owner} is taken by ${await holder(host)}`,
      `      Move ours: ${move}   (or in ${basename(stackFile(stack))})`,
    );
  }
  if (lines.length === 0) return;
  throw new Failure(
    `Ports are taken, and nothing was changed:\n${lines.join("\n")}`,
    "Or stop the program that holds the port.",
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
 * as root of the Docker host, because other users cannot read them.
 */
export async function requireVolumeOwners(stack: string, { services }: SystemSpec): Promise<void> {
  const used = services.flatMap(({ name, user, volumes }) =>
    volumes.map(({ volume }) => ({ name, user, volume: fullName({ project, stack }, volume) })),
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
    "Find out first whose data it is.",
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
