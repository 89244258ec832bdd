import { statfs } from "node:fs/promises";
import { Failure } from "../../config/spec/failure.ts";
import { docker } from "../../host/docker.ts";

/** Bytes that a first build of all images takes. A Docker host with less counts as full. */
const leastDisk = 2 * 2 ** 30;

/** Refuses to go on if Docker does not answer. */
export async function requireDocker(): Promise<void> {
  try {
    await docker("version", "--format", "{{.Server.Version}}");
  } catch (error) {
    const why = (error as { stderr?: string }).stderr?.trim() ?? String(error);
    throw new Failure(
      `Docker does not answer: ${why}`,
      "Start it (systemctl start docker, or dockerd as root), or set DOCKER_HOST to the host you mean.\n" +
        "If it runs, this user may not use it: add the user to the group docker and log in again.",
    );
  }
}

/** Refuses to start on a disk so full that the stores would fail on it. */
export async function requireDisk(): Promise<void> {
  const root = (await docker("info", "--format", "{{.DockerRootDir}}")).trim();
  const disk = await statfs(root).catch(() => undefined);
  if (!disk) return;
  const free = disk.bavail * disk.bsize;
  if (free >= leastDisk) return;
  throw new Failure(
    `Docker's disk (${root}) has ${(free / 2 ** 30).toFixed(1)} GiB left. At least ${leastDisk / 2 ** 30} GiB are needed.`,
    "Free some: `make prune` removes this project's unused images and the build cache, and never a volume.",
  );
}
