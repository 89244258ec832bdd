import { createdLabel, helperLabel, labels } from "../../../config/spec/stack.ts";
import { docker, inspectAll } from "../../../host/docker.ts";
import { project } from "../../../host/paths.ts";
import type { Found } from "./refusals.ts";

/** The number of files, their bytes, and a checksum over the names and contents of all. */
export interface Compared {
  readonly files: number;
  readonly bytes: number;
  readonly checksum: string;
}

const alone = ["--rm", "--label", helperLabel, "--network", "none", "--no-healthcheck", "--user", "0"];

interface Mounts {
  readonly from: string;
  readonly isFolder: boolean;
  readonly to?: string;
}

/** Runs a script with the old data at /from, which it can only read, and the new volume at /to. */
const helper = (image: string, { from, isFolder, to }: Mounts, script: string): Promise<string> =>
  docker(
    "run",
    ...alone,
    // Access to a folder of the host needs no label of SELinux with this option.
    ...(isFolder ? ["--security-opt", "label=disable"] : []),
    "--mount",
    `type=${isFolder ? "bind" : "volume"},source=${from},target=/from,readonly${isFolder ? "" : ",volume-nocopy"}`,
    ...(to ? ["--mount", `type=volume,source=${to},target=/to,volume-nocopy`] : []),
    "--entrypoint",
    "sh",
    image,
    "-euc",
    script,
  );

/** Finds out what kind of data an old volume contains. */
export async function lookAt(image: string, mounts: Mounts): Promise<Found> {
  const said = await helper(
    image,
    mounts,
    `cd /from
for folder in . data */docker; do
  if [ -f "$folder/PG_VERSION" ]; then echo "postgres $(cat "$folder/PG_VERSION") $folder"; fi
done
if [ -d appendonlydir ]; then echo append; fi`,
  );
  const [, version, folder] = /^postgres (\S+) (\S+)$/m.exec(said) ?? [];
  return {
    appendOnly: /^append$/m.test(said),
    ...(version && folder ? { postgres: { version, folder } } : {}),
  };
}

/** Whether a volume has no files. */
export const isEmpty = async (image: string, volume: string): Promise<boolean> =>
  (await helper(image, { from: volume, isFolder: false }, "ls -A /from")).trim() === "";

/** Creates a volume of the stack, as a deployment does. An existing volume is kept. */
export async function createVolume(stack: string, volume: string): Promise<void> {
  const marks = labels({ project, stack }, { [createdLabel]: new Date().toISOString() });
  await docker("volume", "create", ...marks.map(({ label, value }) => `--label=${label}=${value}`), volume);
}

/**
 * Copies data with its owners, modes and times, and compares both sides.
 * @throws if they differ
 */
export async function copyAll(image: string, mounts: Mounts): Promise<Compared> {
  const said = await helper(
    image,
    mounts,
    `tar -C /from --numeric-owner --sparse -cf - . | tar -C /to --numeric-owner -xpf -
tar -C /from --numeric-owner -cf - . | tar -C /to --numeric-owner --compare -f -
sum() (cd "$1" && find . -type f -print0 | sort -z | xargs -0r sha256sum | sha256sum | cut -d ' ' -f 1)
count() (cd "$1" && find . -type f | wc -l)
bytes() (cd "$1" && find . -type f -printf '%s\\n' | awk '{ all += $1 } END { printf "%d", all }')
for side in /from /to; do echo "side $(count "$side") $(bytes "$side") $(sum "$side")"; done`,
  );
  const [old, copied] = [...said.matchAll(/^side (\d+) (\d+) ([0-9a-f]{64})$/gm)].map(
    ([, files, bytes, checksum = ""]) => ({ files: Number(files), bytes: Number(bytes), checksum }),
  );
  if (!old || !copied || JSON.stringify(old) !== JSON.stringify(copied))
    throw new Error(`The copy differs from ${mounts.from}: ${said.trim()}`);
  return copied;
}

/** The fields of `docker inspect` that this uses. */
interface UsedContainer {
  readonly Name: string;
  readonly Mounts: readonly { readonly Type: string; readonly Name?: string; readonly Source: string }[];
}

/** The running containers that use a volume or a folder. */
export async function usersOf({ from, isFolder }: Mounts): Promise<string[]> {
  const ids = (await docker("ps", "-q", "--no-trunc")).split("\n").filter(Boolean);
  const containers = await inspectAll<UsedContainer>("container", ids);
  return containers
    .filter(({ Mounts }) =>
      Mounts.some((mount) =>
        isFolder ? mount.Type === "bind" && mount.Source === from : mount.Name === from,
      ),
    )
    .map(({ Name }) => Name.slice(1));
}
