import { randomBytes } from "node:crypto";
import type { LongRunning } from "../../config/spec/service.ts";
import { mebibytes } from "../../config/spec/units.ts";
import { docker } from "../../host/docker.ts";
import { Postgres } from "./postgres.ts";
import { Volume } from "./volume.ts";

/** Seconds in which a new cluster is made and answers. */
const patience = 120;

/** Settings of a server whose data nobody keeps: no waiting for the disk. */
export const throwAway: readonly string[] = ["fsync=off", "full_page_writes=off"];

/** Jobs of pg_cron would change the data that is compared; without it the setting means nothing. */
const quiet = "cron.launch_active_jobs=off";

/**
 * Runs a PostgreSQL server of a service's image and settings on a cluster of its own, on no network, for as long as
 * `work` takes; then stops it cleanly.
 * @param volume where the cluster is made; by default it goes with the server
 */
export async function withServer<T>(
  spec: LongRunning,
  image: string,
  settings: readonly string[],
  work: (server: Postgres) => Promise<T>,
  volume?: string,
): Promise<T> {
  const environment = Object.entries(spec.environment).filter(([key]) => !key.endsWith("_FILE"));
  // Of no use to anybody: nothing reaches the server, and the service's own start sets the stack's password.
  const password = ["POSTGRES_PASSWORD", randomBytes(16).toString("hex")];
  const mount = spec.volumes.map(
    ({ path }) => `type=volume${volume ? `,source=${volume}` : ""},target=${path}`,
  );
  const id = (
    await docker(
      "run",
      "-d",
      ...["--network", "none", "--label", "ragdock.helper=data", "--no-healthcheck"],
      ...(spec.user ? ["--user", spec.user] : []),
      ...["--memory", `${mebibytes(spec.limits.memory)}m`],
      ...(spec.shm ? ["--shm-size", `${mebibytes(spec.shm)}m`] : []),
      ...mount.flatMap((one) => ["--mount", one]),
      ...[...environment, password].flatMap(([key, value]) => ["--env", `${key}=${value}`]),
      image,
      ...serverCommand(spec),
      ...[quiet, ...settings].flatMap((setting) => ["-c", setting]),
    )
  ).trim();
  try {
    const server = new Postgres(id);
    await ready(id, server);
    const result = await work(server);
    await docker("stop", "--time", "120", id);
    return result;
  } finally {
    // Its unnamed volume with it; a named one stays.
    await docker("rm", "-f", "-v", id);
  }
}

/** The server's own command line, without what a service of a stack does before it. */
function serverCommand({ command = [] }: LongRunning): readonly string[] {
  return command.slice(command.indexOf("postgres"));
}

async function ready(id: string, server: Postgres): Promise<void> {
  const end = Date.now() + patience * 1000;
  while (!(await server.answers())) {
    const state = (await docker("inspect", "--format", "{{.State.Status}}", id)).trim();
    if (state === "running" && Date.now() < end) {
      await new Promise((wait) => setTimeout(wait, 300));
      continue;
    }
    throw new Error(
      `a PostgreSQL of ${id.slice(0, 12)} does not start: ${await docker("logs", "--tail", "5", id)}`,
    );
  }
}

/** Works on a volume that is there for as long as that takes. */
export async function withVolume<T>(image: string, work: (volume: Volume) => Promise<T>): Promise<T> {
  const name = (await docker("volume", "create", "--label", "ragdock.helper=data")).trim();
  try {
    return await Volume.open(name, image, "rw", work);
  } finally {
    await docker("volume", "rm", name);
  }
}
