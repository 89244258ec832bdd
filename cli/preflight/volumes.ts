import { readdir, stat } from "node:fs/promises";
import { Failure } from "../../config/spec/failure.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { fullName } from "../../config/spec/stack.ts";
import { type Volume, volumesNamed } from "../../host/docker.ts";
import { project } from "../../host/paths.ts";

/**
 * Refuses volumes whose data belongs to another user than the one that is to write there. Looks only where this process may:
 * as root, on the Docker host.
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

/** The owner of a volume with something in it. An empty volume takes its owner from the image. */
async function ownerOf(volume: Volume | undefined): Promise<number | undefined> {
  if (!volume) return undefined;
  try {
    const { Mountpoint: folder } = volume;
    return (await readdir(folder)).length > 0 ? (await stat(folder)).uid : undefined;
  } catch {
    return undefined;
  }
}
