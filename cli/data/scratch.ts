import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { Check } from "../../config/spec/external.ts";
import type { LongRunning } from "../../config/spec/service.ts";
import { helperLabel } from "../../config/spec/stack.ts";
import { mebibytes } from "../../config/spec/units.ts";
import { docker } from "../../host/docker.ts";
import { Postgres } from "./postgres.ts";
import { Volume } from "./volume.ts";

/** Seconds in which a new cluster must answer. */
const patience = 120;

/** Settings of a server with temporary data, which does not wait for the disk. */
export const throwAway: readonly string[] = ["fsync=off", "full_page_writes=off"];

/**
 * Jobs of pg_cron would change the data that is compared. Without pg_cron the setting has no
 * effect.
 */
const quiet = "cron.launch_active_jobs=off";

/** What decides how a PostgreSQL server is started. */
export type ServerSpec = Pick<LongRunning, "environment" | "user" | "volumes" | "limits" | "shm" | "command">;

/** A server with the image and the database of one outside of the stack. */
export const serverLike = ({ image, environment, user }: Check): ServerSpec => ({
  environment: { POSTGRES_USER: "postgres", POSTGRES_DB: environment.PGDATABASE ?? "" },
  ...(user ? { user } : {}),
  volumes: image.from === "catalogue" ? [{ volume: "", path: image.image.dataPath ?? "" }] : [],
  limits: { cpus: 1, memory: "512MiB" },
  shm: "128MiB",
  command: ["postgres"],
});

/**
 * Runs a temporary PostgreSQL server with a service's image and settings, on a new cluster and
 * without a network, while `work` runs. Then stops it cleanly.
 * @param volume where the cluster is created @default an anonymous volume, which is removed with
 * the server
 */
export async function withServer<T>(
  spec: ServerSpec,
  image: string,
  settings: readonly string[],
  work: (server: Postgres) => Promise<T>,
  volume?: string,
): Promise<T> {
  const environment = Object.entries(spec.environment).filter(([key]) => !key.endsWith("_FILE"));
  // The server needs no password, because it has no network. The service sets the stack's password
  // at its start.
  const password = ["POSTGRES_PASSWORD", randomBytes(16).toString("hex")];
  const mount = spec.volumes.map(
    ({ path }) => `type=volume${volume ? `,source=${volume}` : ""},target=${path}`,
  );
  const id = (
    await docker(
      "run",
      "-d",
      ...["--network", "none", "--label", helperLabel, "--no-healthcheck"],
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
    // Removes an anonymous volume. A named one stays.
    await docker("rm", "-f", "-v", id);
  }
}

/** The server's command line, without the start script of a service. */
const serverCommand = ({ command = [] }: ServerSpec): readonly string[] =>
  command.slice(command.indexOf("postgres"));

async function ready(id: string, server: Postgres): Promise<void> {
  const end = Date.now() + patience * 1000;
  while (!(await server.answers())) {
    const state = (await docker("inspect", "--format", "{{.State.Status}}", id)).trim();
    if (state === "running" && Date.now() < end) {
      await setTimeout(300);
      continue;
    }
    throw new Error(
      `PostgreSQL of the image ${id.slice(0, 12)} does not start: ${await docker("logs", "--tail", "5", id)}`,
    );
  }
}

export async function withVolume<T>(image: string, work: (volume: Volume) => Promise<T>): Promise<T> {
  const name = (await docker("volume", "create", "--label", helperLabel)).trim();
  try {
    return await Volume.open(name, image, "rw", work);
  } finally {
    await docker("volume", "rm", name);
  }
}
