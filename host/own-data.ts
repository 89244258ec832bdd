import { join, relative } from "node:path";
import { Failure } from "../config/spec/failure.ts";
import { and, pulumiOnly, setCommand, toRun } from "../config/spec/message.ts";
import { clusterVolume, postgresVersions, withoutVersion } from "../config/spec/postgres.ts";
import {
  isLongRunning,
  type LongRunning,
  longRunning,
  ownVolumes,
  type Role,
  type SystemSpec,
} from "../config/spec/service.ts";
import { createdLabel, fullName, type StackName, upgradedFromLabel } from "../config/spec/stack.ts";
import { docker, type Volume, volumesNamed } from "./docker.ts";
import { onDockerHost } from "./server.ts";

/**
 * The creation time of each volume of a stack, by full name, as the last deployment recorded it.
 */
export type RecordedVolumes = Readonly<Record<string, string>>;

/** A volume with the stack's data that no longer exists. */
export interface LostVolume {
  /** Short name. */
  readonly volume: string;
  readonly name: string;
  /** The service that the data belongs to. */
  readonly owner: string;
  /** The creation time of the recorded volume. */
  readonly created: string;
  /** Whether another volume now has the name. */
  readonly replaced: boolean;
}

/** Volumes that Docker has, by full name. */
type Volumes = ReadonlyMap<string, Volume>;

/**
 * Refuses to run if a recorded volume is gone or was created again, or if the data comes from
 * another major version of PostgreSQL. Docker would create a missing volume as an empty one,
 * without an error.
 * @returns the creation times of the system's volumes that Docker already has, by full name. "" for
 * a volume without the label. After `down` the state has no volumes, but Docker keeps the labels.
 */
export async function requireOwnData(
  stack: StackName,
  system: SystemSpec,
  recorded: RecordedVolumes,
): Promise<RecordedVolumes> {
  const servers = longRunning(system.services).filter((s) => s.postgresVersion !== undefined);
  const own = ownedVolumes(stack, system).map(({ name }) => name);
  const others = servers.flatMap((server) => otherClusters(stack, server).map(({ volume }) => volume));
  const there = await volumesNamed([...own, ...others]);
  const lost = lostAmong(there, stack, system, recorded).filter(
    ({ volume, created }) => system.lostVolumes[volume] !== created,
  );
  if (lost.length > 0) throw dataIsGone(stack.stack, system, lost);
  for (const server of servers) await requirePostgresVersion(there, stack, server, recorded);
  return Object.fromEntries(
    own.flatMap((name) => {
      const volume = there.get(name);
      return volume ? [[name, createdAt(volume)]] : [];
    }),
  );
}

/** The recorded volumes that are gone or were created again. */
export const lostVolumes = async (
  stack: StackName,
  system: SystemSpec,
  recorded: RecordedVolumes,
): Promise<LostVolume[]> => lostAmong(await volumesNamed(Object.keys(recorded)), stack, system, recorded);

function lostAmong(
  there: Volumes,
  stack: StackName,
  system: SystemSpec,
  recorded: RecordedVolumes,
): LostVolume[] {
  return ownedVolumes(stack, system).flatMap(({ owner, volume, name }) => {
    const created = recorded[name];
    const found = there.get(name);
    return created === undefined || (found && createdAt(found) === created)
      ? []
      : [{ owner, volume, name, created, replaced: found !== undefined }];
  });
}

/**
 * The system's volumes. A job may share the volume of a service. The service, which stays up, is
 * the owner.
 */
function ownedVolumes(stack: StackName, { services }: SystemSpec) {
  const jobsFirst = services.toSorted((a, b) => Number(isLongRunning(a)) - Number(isLongRunning(b)));
  const owned = jobsFirst.flatMap((service) =>
    ownVolumes(service).map(({ volume }) => ({
      owner: service.name,
      volume,
      name: fullName(stack, volume),
    })),
  );
  return [...new Map(owned.map((one) => [one.name, one])).values()];
}

/** Roles whose data no backup contains. */
const leftOut: readonly Role[] = ["monitoring", "certificates"];

const createdAt = ({ Labels }: Volume): string => Labels?.[createdLabel] ?? "";

function dataIsGone(stack: string, system: SystemSpec, lost: readonly LostVolume[]): Failure {
  const lines = lost.map(({ name, owner, replaced }) => {
    const isLeftOut = system.services.some((s) => s.name === owner && leftOut.includes(s.role));
    const what = replaced ? "was created again and does not contain it" : "is gone";
    return `  volume ${name}, the data of ${owner}, ${what}${isLeftOut ? " (backups leave it out)" : ""}`;
  });
  const give = lost.map(({ volume, created }) => setCommand(`lostVolumes.${volume}`, `'${created}'`));
  return new Failure(
    `The data of stack "${stack}" is gone. Nothing was changed.\n${lines.join("\n")}`,
    `Check that this is the stack's Docker host: run docker context show, and look at DOCKER_HOST. If the data is lost, start without it:\n` +
      `  make up STACK=${stack} CONFIRM=${stack}\n` +
      `Then restore the newest backup: make restore STACK=${stack} CONFIRM=${stack} (list: make backups STACK=${stack})` +
      pulumiOnly(`\nWith the Pulumi CLI: ${give.join(and)} && pulumi up --refresh`),
  );
}

/** Refuses data of a major version of PostgreSQL other than the one in the settings. */
async function requirePostgresVersion(
  there: Volumes,
  stack: StackName,
  service: LongRunning,
  recorded: RecordedVolumes,
): Promise<void> {
  const { name, postgresVersion: wanted } = service;
  const found = await otherVersion(there, stack, service, recorded);
  if (!found) return;
  const stay = setCommand("postgresVersion", found.version);
  throw new Failure(
    `The data of ${name} comes from PostgreSQL ${found.version} (volume ${found.volume}), but the settings select ${wanted}. Nothing was changed.`,
    Number(found.version) < Number(wanted)
      ? `To keep this version: ${stay}. Then, to upgrade: make upgrade-postgres STACK=${stack.stack} VERSION=${wanted}`
      : `PostgreSQL cannot read the data of a newer version. ${toRun}${stay}`,
  );
}

interface Cluster {
  readonly version: string;
  /** Full name. */
  readonly volume: string;
}

/** The volumes that the data of a server would have with other major versions. */
function otherClusters(stack: StackName, { postgresVersion, volumes }: LongRunning): Cluster[] {
  const own = withoutVersion(volumes[0]?.volume ?? "");
  return postgresVersions
    .filter((version) => version !== postgresVersion)
    .map((version) => ({ version, volume: fullName(stack, clusterVolume(own, version)) }));
}

async function otherVersion(
  there: Volumes,
  stack: StackName,
  service: LongRunning,
  recorded: RecordedVolumes,
): Promise<Cluster | undefined> {
  const volume = fullName(stack, service.volumes[0]?.volume ?? "");
  const mine = there.get(volume);
  if (mine) {
    const version = await versionIn(mine, service);
    if (version && version !== service.postgresVersion) return { version, volume };
  }
  if (recorded[volume] !== undefined) return undefined;
  // An upgrade fills the new volume before the first deployment with it.
  const from = mine?.Labels?.[upgradedFromLabel];
  return otherClusters(stack, service).find((other) => {
    if (from !== undefined && from === recorded[other.volume]) return false;
    return recorded[other.volume] !== undefined || (!mine && there.has(other.volume));
  });
}

/**
 * Reads the version of the cluster in a volume. As root on the Docker host, it reads the volume's
 * folder. Otherwise it reads through a container that mounts the volume. Returns undefined if the
 * version is not known.
 */
async function versionIn(
  { Name, Mountpoint }: Volume,
  { environment, volumes }: LongRunning,
): Promise<string | undefined> {
  const file = join(environment.PGDATA ?? "", "PG_VERSION");
  const direct = join(Mountpoint, relative(volumes[0]?.path ?? "", file));
  const text = (await onDockerHost("cat", direct)) ?? (await copied(Name, file));
  return text.trim() || undefined;
}

/**
 * Reads a small file from a container. `docker cp` returns a tar: a header of 512 bytes, then the
 * file.
 */
async function copied(volume: string, file: string): Promise<string> {
  const [id] = (await docker("ps", "-aq", "--filter", `volume=${volume}`)).split("\n");
  if (!id) return "";
  const tar = await docker("cp", `${id}:${file}`, "-").catch(() => "");
  return tar.slice(512).split("\0")[0] ?? "";
}
