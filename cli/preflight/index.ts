import { execFile } from "node:child_process";
import { readdir, stat, statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { fullName } from "../../components/names.ts";
import type { ImagePlans } from "../../components/plan.ts";
import { resolveSystem } from "../../config/resolve.ts";
import { forStack, setCommand } from "../../config/settings/problem.ts";
import { readSettings } from "../../config/settings/read.ts";
import { isLongRunning, type LongRunning, type SystemSpec } from "../../config/spec/service.ts";
import { baseImageTag } from "../../host/base-image.ts";
import { engineHost } from "../../host/capacity.ts";
import { type Container, docker, serviceOf, type Volume, volumesNamed } from "../../host/docker.ts";
import { Failure } from "../../host/failure.ts";
import { passphrase, project, readRecord, record } from "../../host/paths.ts";
import { chooseDeployer, withImages } from "../backends/index.ts";
import { readSecrets } from "../backends/secrets.ts";
import { readStackFile } from "../stack-file.ts";

const run = promisify(execFile);

/** Bytes below which an engine's disk counts as full, and those that a first build of all images takes. */
const leastDisk = 2 * 2 ** 30;

/** The public registry; any answer, a refusal included, shows that one can be reached. */
const registryUrl = "https://registry-1.docker.io/v2/";

/** The system that a stack's file asks for; throws ConfigError with everything that is wrong in it. */
export function systemOf(stack: string, say: (line: string) => void): SystemSpec {
  const { values, encrypted } = readStackFile(stack);
  // Pulumi keeps the stack's secrets in its file, the embedded engine beside its state.
  const own = chooseDeployer(stack) === "embedded" ? Object.keys(readSecrets(stack, passphrase(say))) : [];
  const secrets = [...own, ...encrypted].map((key) => key.slice(project.length + 1));
  return resolveSystem(readSettings(withImages(stack, values), project), {
    project,
    stack,
    secrets: new Set(secrets),
    host: engineHost(),
  });
}

/** How the images of a system are come by, as the program itself does it. */
export const plansOf = ({ images, pinned }: SystemSpec): ImagePlans => ({
  project,
  mode: images,
  baseImage: images === "packages" ? baseImageTag() : "",
  pinned,
});

/** Decides once per stack where images come from, when its file does not say. */
export async function chooseImages(stack: string, say: (line: string) => void): Promise<void> {
  if (readStackFile(stack).values[`${project}:images`] || readRecord(stack).images) return;
  const images = (await registryAnswers()) ? "registry" : "packages";
  record(stack, { images });
  if (images === "packages") {
    say(
      "No container registry answers: images are built from Debian and PyPI packages (ragdock:images: packages).",
    );
  }
}

async function registryAnswers(): Promise<boolean> {
  try {
    const response = await fetch(registryUrl, { signal: AbortSignal.timeout(5000) });
    return response.status === 200 || response.status === 401;
  } catch {
    return false;
  }
}

/** Ends with words when there is no engine to talk to. */
export async function requireDocker(): Promise<void> {
  try {
    await docker("version", "--format", "{{.Server.Version}}");
  } catch (error) {
    const why = (error as { stderr?: string }).stderr?.trim() ?? String(error);
    throw new Failure(
      `The Docker engine does not answer: ${why}`,
      "Start it (systemctl start docker, or dockerd as root), or set DOCKER_HOST to the one that is meant.\n" +
        "If it runs, this user may not use it: join the group docker and log in again.",
    );
  }
}

/** Refuses to start with a disk so full that stores would fail on it. */
export async function requireDisk(): Promise<void> {
  const root = (await docker("info", "--format", "{{.DockerRootDir}}")).trim();
  const disk = await statfs(root).catch(() => undefined);
  if (!disk) return;
  const free = disk.bavail * disk.bsize;
  if (free >= leastDisk) return;
  throw new Failure(
    `The engine's disk (${root}) has ${(free / 2 ** 30).toFixed(1)} GiB left; at least ${leastDisk / 2 ** 30} GiB are needed.`,
    "Free some: `make prune` removes this project's unused images and the build cache, and never a volume.",
  );
}

/**
 * Refuses when a port is taken by somebody else, naming who and the setting that moves ours.
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
  const wanted = system.services
    .filter(isLongRunning)
    .filter((s): s is LongRunning & Required<Pick<LongRunning, "endpoint">> =>
      Boolean(s.endpoint && s.endpoint.exposure !== "none"),
    )
    .filter((s) => !ours.has(`${s.name}:${s.endpoint.host}`));
  const lines: string[] = [];
  for (const { name, endpoint } of wanted) {
    const address = endpoint.exposure === "public" ? "0.0.0.0" : "127.0.0.1";
    if (await isFree(endpoint.host, address)) continue;
    const move = setCommand(`services.${endpoint.settings ?? name}.port`, String(endpoint.host + 1));
    lines.push(
      `  port ${endpoint.host} of ${endpoint.settings ?? name} is taken by ${await holder(endpoint.host)}`,
      `      Move ours: ${forStack(move, stack)}   (or in Pulumi.${stack}.yaml)`,
    );
  }
  if (lines.length > 0) {
    throw new Failure(
      `Ports are taken, nothing was touched:\n${lines.join("\n")}`,
      "Or end what holds them.",
    );
  }
}

/**
 * Refuses when a volume's data belongs to another user than the one that is to write there.
 * Looks only where this process may: as root, on the engine's own host.
 */
export async function requireVolumes(stack: string, system: SystemSpec): Promise<void> {
  const lines: string[] = [];
  const services = system.services.filter(isLongRunning);
  const fullNames = services.flatMap((s) =>
    s.volumes.map(({ volume }) => fullName({ project, stack }, volume)),
  );
  const there = await volumesNamed(fullNames);
  for (const { name, user, volumes } of services) {
    if (!user) continue;
    const [wanted] = user.split(":");
    for (const { volume } of volumes) {
      const full = fullName({ project, stack }, volume);
      const found = await ownerOf(there.get(full));
      if (found === undefined || found === Number(wanted)) continue;
      lines.push(
        `  volume ${full} belongs to user ${found}, and ${name} runs as user ${wanted}`,
        `      Hand it over: docker run --rm -u 0 -v ${full}:/data <any image> chown -R ${user} /data`,
      );
    }
  }
  if (lines.length > 0) {
    throw new Failure(
      `Volumes belong to other users, nothing was touched:\n${lines.join("\n")}`,
      "Or find out first whose data it is.",
    );
  }
}

/** The owner of a volume with something in it; an empty one takes its owner from the image. */
async function ownerOf(volume: Volume | undefined): Promise<number | undefined> {
  if (!volume) return undefined;
  try {
    const { Mountpoint: folder } = volume;
    return (await readdir(folder)).length > 0 ? (await stat(folder)).uid : undefined;
  } catch {
    return undefined;
  }
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "EADDRINUSE"))
      .once("listening", () => server.close(() => resolve(true)))
      .listen(port, host);
  });
}

async function holder(port: number): Promise<string> {
  const container = (await docker("ps", "--filter", `publish=${port}`, "--format", "{{.Names}}")).trim();
  if (container) return `the container ${container.split("\n")[0]}`;
  const { stdout } = await run("ss", ["-ltnpH", `sport = :${port}`]).catch(() => ({ stdout: "" }));
  const process = /users:\(\("([^"]+)",pid=(\d+)/.exec(stdout);
  return process ? `${process[1]} (process ${process[2]})` : "another program";
}
