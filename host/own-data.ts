import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { Failure } from "../config/spec/failure.ts";
import {
  clusterVolume,
  type PostgresVersion,
  postgresVersions,
  withoutVersion,
} from "../config/spec/postgres.ts";
import { forStack, setCommand } from "../config/spec/problem.ts";
import { isLongRunning, type LongRunning, longRunning, type SystemSpec } from "../config/spec/service.ts";
import { createdLabel, fullName, type StackName, upgradedFromLabel } from "../config/spec/stack.ts";
import { docker, dockerArguments, type Volume, volumesNamed } from "./docker.ts";

/** When each volume of a stack was created, by full name, as its last deployment recorded it. */
export type RecordedVolumes = Readonly<Record<string, string>>;

/** A volume with data of the stack that is not there any more. */
export interface LostVolume {
  /** Short name. */
  readonly volume: string;
  readonly name: string;
  /** The service whose data it was. */
  readonly owner: string;
  /** When it was created. */
  readonly created: string;
  /** Whether another volume has its name now. */
  readonly replaced: boolean;
}

/**
 * Refuses to run on other data than the stack's own: a volume that is gone or was created again, and data of another major
 * version of PostgreSQL. Docker would create a missing volume empty, without a word.
 */
export async function requireOwnData(
  stack: StackName,
  system: SystemSpec,
  recorded: RecordedVolumes,
): Promise<void> {
  const lost = (await lostVolumes(stack, system, recorded)).filter(
    ({ volume, created }) => system.lostVolumes[volume] !== created,
  );
  if (lost.length > 0) throw dataIsGone(stack.stack, system, lost);
  await requirePostgresVersion(stack, system, recorded);
}

/** The recorded volumes that are gone or were created again. */
export async function lostVolumes(
  stack: StackName,
  system: SystemSpec,
  recorded: RecordedVolumes,
): Promise<LostVolume[]> {
  const byKind = system.services.toSorted((a, b) => Number(isLongRunning(a)) - Number(isLongRunning(b)));
  const owned = byKind.flatMap(({ name: owner, volumes }) =>
    volumes.map(({ volume }) => ({ owner, volume, name: fullName(stack, volume) })),
  );
  // A job may share the volume of a service. The service, which stays up, is the owner.
  const unique = [...new Map(owned.map((one) => [one.name, one])).values()];
  const known = unique.filter(({ name }) => recorded[name] !== undefined);
  const there = await volumesNamed(known.map(({ name }) => name));
  return known.flatMap(({ owner, volume, name }) => {
    const created = recorded[name] ?? "";
    const found = there.get(name);
    return found && createdAt(found) === created
      ? []
      : [{ owner, volume, name, created, replaced: found !== undefined }];
  });
}

const createdAt = ({ Labels }: Volume): string => Labels?.[createdLabel] ?? "";

function dataIsGone(stack: string, system: SystemSpec, lost: readonly LostVolume[]): Failure {
  const lines = lost.map(({ name, owner, replaced }) => {
    const isMonitoring = system.services.some((s) => s.name === owner && s.role === "monitoring");
    const what = replaced ? "was created again and does not hold it" : "is gone";
    return `  volume ${name}, the data of ${owner}, ${what}${isMonitoring ? " (backups leave it out)" : ""}`;
  });
  const give = lost.map(({ volume, created }) => setCommand(`lostVolumes.${volume}`, `'${created}'`));
  return new Failure(
    `The data of stack "${stack}" is not there any more, and nothing was changed:\n${lines.join("\n")}`,
    `Is this the Docker host that it ran on (docker context show, DOCKER_HOST)? If the data is lost, start without it:\n` +
      `  make up STACK=${stack} CONFIRM=${stack}\n` +
      `Then restore a backup: make backups STACK=${stack}, and make restore STACK=${stack} CONFIRM=${stack} for the newest.\n` +
      `With the Pulumi CLI: ${forStack(give.join(" && "), stack)} && pulumi up --refresh`,
  );
}

/** Refuses data of another major version of PostgreSQL than the settings ask for. */
async function requirePostgresVersion(
  stack: StackName,
  system: SystemSpec,
  recorded: RecordedVolumes,
): Promise<void> {
  for (const service of longRunning(system.services)) {
    const { postgresVersion: wanted } = service;
    const found = wanted && (await otherVersion(stack, service, wanted, recorded));
    if (!found) continue;
    const stay = forStack(setCommand("postgresVersion", found.version), stack.stack);
    throw new Failure(
      `The data of ${service.name} is of PostgreSQL ${found.version} (volume ${found.volume}), but the settings ask for ${wanted}. Nothing was changed.`,
      Number(found.version) < Number(wanted)
        ? `To stay: ${stay}. To upgrade after that: make upgrade-postgres STACK=${stack.stack} VERSION=${wanted}`
        : `No version of PostgreSQL reads the data of a later one. Run: ${stay}`,
    );
  }
}

async function otherVersion(
  stack: StackName,
  service: LongRunning,
  wanted: PostgresVersion,
  recorded: RecordedVolumes,
): Promise<{ version: string; volume: string } | undefined> {
  const own = service.volumes[0]?.volume ?? "";
  const others = postgresVersions
    .filter((version) => version !== wanted)
    .map((version) => ({ version, volume: fullName(stack, clusterVolume(withoutVersion(own), version)) }));
  const name = fullName(stack, own);
  const there = await volumesNamed([name, ...others.map(({ volume }) => volume)]);
  const mine = there.get(name);
  if (mine) {
    const version = await versionIn(mine, service);
    if (version && version !== wanted) return { version, volume: name };
  }
  if (recorded[name] !== undefined) return undefined;
  // An upgrade fills the new volume before the first deployment with it.
  const from = mine?.Labels?.[upgradedFromLabel];
  return others.find(({ volume }) => {
    if (from !== undefined && from === recorded[volume]) return false;
    return recorded[volume] !== undefined || (!mine && there.has(volume));
  });
}

/**
 * The version of the cluster in a volume, or undefined: it is read from the volume's folder as root on the Docker host, and
 * otherwise through a container that has the volume.
 */
async function versionIn(
  { Name, Mountpoint }: Volume,
  { environment, volumes }: LongRunning,
): Promise<string | undefined> {
  const file = join(environment.PGDATA ?? "", "PG_VERSION");
  const direct = join(Mountpoint, relative(volumes[0]?.path ?? "", file));
  const text = await readFile(direct, "utf8").catch(() => copied(Name, file));
  return text.trim() || undefined;
}

/** A file of a few bytes, from a container with the volume. `docker cp` gives a tar: a header of 512 bytes, then the file. */
async function copied(volume: string, file: string): Promise<string> {
  const [id] = (await docker("ps", "-aq", "--filter", `volume=${volume}`)).split("\n");
  if (!id) return "";
  const args = dockerArguments("cp", `${id}:${file}`, "-");
  const { stdout } = await promisify(execFile)("docker", args, { encoding: "buffer" }).catch(() => ({
    stdout: Buffer.alloc(0),
  }));
  return stdout.subarray(512).toString("utf8").split("\0")[0] ?? "";
}
