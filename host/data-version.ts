import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fullName } from "../components/names.ts";
import { clusterVolume, withoutVersion } from "../config/services/cluster.ts";
import { forStack, setCommand } from "../config/settings/problem.ts";
import { type PostgresVersion, postgresVersions } from "../config/settings/schema.ts";
import { isLongRunning, type LongRunning, type SystemSpec } from "../config/spec/service.ts";
import { docker, hasVolume } from "./docker.ts";
import { Failure } from "./failure.ts";
import { project, readRecord } from "./paths.ts";
import { pipe } from "./pipe.ts";

/** Set for the program by who has looked already, or who brings the data to the other version. */
const looked = "RAGDOCK_POSTGRES_VERSION_LOOKED_AT";

/** Lets programs that are started from here on bring up another version than the data is of. */
export function allowPostgresVersion(): void {
  process.env[looked] = "1";
}

/**
 * Refuses when the stack's data is of another major version of PostgreSQL than the one that its settings ask for.
 * Looks once for this process and those that it starts.
 */
export async function requirePostgresVersion(stack: string, system: SystemSpec): Promise<void> {
  if (process.env[looked]) return;
  for (const service of system.services.filter(isLongRunning)) {
    const { postgresVersion: wanted } = service;
    if (!wanted) continue;
    const found = await otherVersion(stack, service, wanted);
    if (!found) continue;
    const stay = forStack(setCommand("postgresVersion", found.version), stack);
    throw new Failure(
      `The data of ${service.name} is of PostgreSQL ${found.version} (volume ${found.volume}), and the settings ask for ${wanted}; nothing was touched.`,
      Number(found.version) < Number(wanted)
        ? `Stay: ${stay}. Then bring the data along: make upgrade-postgres STACK=${stack} VERSION=${wanted}`
        : `No version reads the data of a later one. Type: ${stay}`,
    );
  }
  allowPostgresVersion();
}

async function otherVersion(
  stack: string,
  service: LongRunning,
  wanted: PostgresVersion,
): Promise<{ version: string; volume: string } | undefined> {
  const own = service.volumes[0]?.volume ?? "";
  const known = readRecord(stack).volumes ?? {};
  const name = (volume: string): string => fullName({ project, stack }, volume);
  if (await hasVolume(name(own))) {
    const version = await versionIn(name(own), service);
    if (version && version !== wanted) return { version, volume: name(own) };
  }
  if (known[name(own)]) return undefined;
  for (const version of postgresVersions.filter((one) => one !== wanted)) {
    const volume = name(clusterVolume(withoutVersion(own), version));
    if (known[volume] || (!(await hasVolume(name(own))) && (await hasVolume(volume))))
      return { version, volume };
  }
  return undefined;
}

/**
 * The version of the cluster in a volume; undefined where there is none, or none that can be looked at: it is read from
 * the volume's folder as root on the engine's own host, and elsewhere through a container that has the volume.
 */
async function versionIn(volume: string, { environment, volumes }: LongRunning): Promise<string | undefined> {
  const file = join(environment.PGDATA ?? "", "PG_VERSION");
  const folder = (await docker("volume", "inspect", "--format", "{{.Mountpoint}}", volume)).trim();
  const direct = join(folder, relative(volumes[0]?.path ?? "", file));
  const text = await readFile(direct, "utf8").catch(async () => {
    const [id] = (await docker("ps", "-aq", "--filter", `volume=${volume}`)).split("\n");
    if (!id) return "";
    const copy = 'docker cp "$1" - | tar -xOf -';
    return (
      await pipe("bash", ["-o", "pipefail", "-c", copy, "bash", `${id}:${file}`]).catch(() => undefined)
    )?.stdout;
  });
  return text?.trim() || undefined;
}
