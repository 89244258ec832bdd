import { join, relative } from "node:path";
import { Failure } from "../config/spec/failure.ts";
import { setCommand, toRun } from "../config/spec/message.ts";
import { clusterVolume, postgresVersions, withoutVersion } from "../config/spec/postgres.ts";
import type { RecordedVolumes } from "../config/spec/recorded-volumes.ts";
import { type LongRunning, longRunning, type SystemSpec } from "../config/spec/service.ts";
import { fullName, type StackName, upgradedFromLabel } from "../config/spec/stack.ts";
import { volumeNodeLabel } from "../config/spec/swarm.ts";
import { docker, type Volume, volumesNamed } from "./docker.ts";
import { lostAmong, ownedVolumes, placedTimes, requireNoneLost, timesOf } from "./lost-volumes.ts";
import { onDockerHost } from "./server.ts";
import { placedNames } from "./volume-nodes.ts";

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
  const servers = serversOf(system);
  const own = ownedVolumes(stack, system).map(({ name }) => name);
  const others = servers.flatMap((server) => otherClusters(stack, server).map(({ volume }) => volume));
  const there = await volumesNamed([...own, ...others]);
  const times = timesOf(there);
  requireNoneLost(stack.stack, system, lostAmong(times, stack, system, recorded));
  for (const server of servers) await requirePostgresVersion(there, stack, server, recorded);
  return Object.fromEntries([...times].filter(([name]) => own.includes(name)));
}

const serversOf = ({ services }: SystemSpec): LongRunning[] =>
  longRunning(services).filter((service) => service.postgresVersion !== undefined);

/**
 * Refuses to run if no node of the Swarm has the label of a recorded volume, or if a node has data of
 * another major version of PostgreSQL. Swarm would start with an empty volume.
 * @returns the creation times of the recorded volumes. A volume whose loss the user accepted is a new
 * one, and is left out.
 */
export async function requirePlacedData(
  stack: StackName,
  system: SystemSpec,
  recorded: RecordedVolumes,
): Promise<RecordedVolumes> {
  const placed = await placedNames();
  requireNoneLost(stack.stack, system, lostAmong(placedTimes(recorded, placed), stack, system, recorded));
  for (const server of serversOf(system)) requirePlacedVersion(placed, stack, server);
  const isAccepted = ([volume, created]: [string, string]): boolean =>
    recorded[fullName(stack, volume)] === created;
  const accepted = Object.entries(system.lostVolumes).filter(isAccepted);
  const renewed = new Set(accepted.map(([volume]) => fullName(stack, volume)));
  return Object.fromEntries(Object.entries(recorded).filter(([name]) => !renewed.has(name)));
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

/** Refuses data of another major version of PostgreSQL, if there is none of the one in the settings. */
function requirePlacedVersion(placed: ReadonlySet<string>, stack: StackName, service: LongRunning): void {
  if (placed.has(fullName(stack, service.volumes[0]?.volume ?? ""))) return;
  const found = otherClusters(stack, service).find(({ volume }) => placed.has(volume));
  if (!found) return;
  throw new Failure(
    `A node has data of ${service.name} from PostgreSQL ${found.version} (volume ${found.volume}), but the settings select ${service.postgresVersion}. Nothing was changed.`,
    `To keep this version: ${setCommand("postgresVersion", found.version)}. ` +
      "An upgrade needs one engine: docs/guide/several-machines.md#what-is-different. " +
      `If the data is not needed: docker node update --label-rm ${volumeNodeLabel(found.volume)} <node>`,
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
