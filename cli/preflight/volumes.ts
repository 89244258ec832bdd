import { stat } from "node:fs/promises";
import { fullName } from "../../components/names.ts";
import { clusterVolume, withoutVersion } from "../../config/services/cluster.ts";
import { type PostgresVersion, postgresVersions } from "../../config/settings/schema.ts";
import { isLongRunning, type SystemSpec } from "../../config/spec/service.ts";
import { type Volume, volumesNamed } from "../../host/docker.ts";
import { Failure } from "../../host/failure.ts";
import { project, readRecord, record, type VolumeMark } from "../../host/paths.ts";
import { partsOf } from "../data/parts.ts";

/** Refuses when a volume in which this stack had data is gone, or is another one now; `confirm` lets it begin empty. */
export async function requireKnownVolumes(stack: string, system: SystemSpec, confirm: string): Promise<void> {
  const known = readRecord(stack).volumes ?? {};
  const lines: string[] = [];
  const owned = volumesOf(stack, system);
  const there = await volumesNamed(owned.map(({ name }) => name));
  for (const { name, volume, owner } of owned) {
    const mark = known[name];
    if (!mark) continue;
    const found = there.get(name);
    if (found && isSame(mark, await markOf(found))) continue;
    const backedUp = partsOf(system).some((part) => part.volume === volume);
    lines.push(
      `  volume ${name}, the data of ${owner}, ${found ? "is not the one it was: it was made anew" : "is gone"}` +
        (backedUp ? "" : " (backups leave it out)"),
    );
  }
  if (lines.length === 0 || confirm === stack) return;
  throw new Failure(
    `Stack "${stack}" had data that is not there any more, nothing was touched:\n${lines.join("\n")}`,
    `Is this the engine it ran on (docker context show, DOCKER_HOST)? If the data is lost, begin without it and restore a backup:\n` +
      `  make up STACK=${stack} CONFIRM=${stack}\n` +
      `  make backups STACK=${stack}, and make restore STACK=${stack} CONFIRM=${stack} for the newest of them`,
  );
}

/** Remembers the volumes that the stack has its data in. */
export async function recordVolumes(stack: string, system: SystemSpec): Promise<void> {
  const volumes: Record<string, VolumeMark> = { ...readRecord(stack).volumes };
  const owned = volumesOf(stack, system);
  for (const { volume, version } of owned) {
    // What an upgrade of PostgreSQL has left behind is not the stack's data any more.
    for (const other of version ? postgresVersions : []) {
      delete volumes[fullName({ project, stack }, clusterVolume(withoutVersion(volume), other))];
    }
  }
  for (const [name, volume] of await volumesNamed(owned.map(({ name }) => name))) {
    volumes[name] = await markOf(volume);
  }
  record(stack, { volumes });
}

/** Forgets them: their data was deleted on purpose. */
export const forgetVolumes = (stack: string): void => record(stack, { volumes: {} });

interface Owned {
  readonly name: string;
  readonly volume: string;
  readonly owner: string;
  readonly version?: PostgresVersion | undefined;
}

function volumesOf(stack: string, system: SystemSpec): Owned[] {
  return system.services.filter(isLongRunning).flatMap(({ name, volumes, postgresVersion: version }) =>
    volumes.map(({ volume }) => ({
      name: fullName({ project, stack }, volume),
      volume,
      owner: name,
      version,
    })),
  );
}

async function markOf({ Labels, Mountpoint }: Volume): Promise<VolumeMark> {
  // A file system that keeps no such time says 0.
  const born = await stat(Mountpoint).then(
    (folder) => folder.birthtimeMs,
    () => 0,
  );
  return { labels: Labels ?? {}, ...(born > 0 ? { born } : {}) };
}

function isSame(one: VolumeMark, other: VolumeMark): boolean {
  const labels = ({ labels }: VolumeMark): string => JSON.stringify(Object.entries(labels).sort());
  if (labels(one) !== labels(other)) return false;
  return one.born === undefined || other.born === undefined || one.born === other.born;
}
