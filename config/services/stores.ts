import { images } from "../images.ts";
import { Healthcheck } from "../spec/healthcheck.ts";
import type { Limits, LongRunning } from "../spec/service.ts";
import { mebibytes } from "../spec/units.ts";
import { cluster } from "./cluster.ts";
import { projectFile, secretFile } from "./project-files.ts";
import { type Context, catalogue, common } from "./template.ts";

/** Connections PostgreSQL accepts; the cross-check keeps the sum of all pools below it. */
export const maxConnections = 100;

/** The application's database and the role that owns it, the server's administrator; its host is the service's name. */
export const database = { name: "rag", user: "rag", port: 5432 } as const;

/**
 * Server settings that follow from the container's memory, in MiB.
 * Shares are those of the PostgreSQL manual (19.4, resource consumption): a quarter for shared buffers,
 * three quarters assumed to be cache, a sixteenth for maintenance, where HNSW builds live.
 */
function postgresTuning(memoryMiB: number): Record<string, string> {
  const share = (part: number, least: number): string => `${Math.max(least, Math.floor(memoryMiB * part))}MB`;
  return {
    shared_buffers: share(1 / 4, 32),
    effective_cache_size: share(3 / 4, 96),
    maintenance_work_mem: share(1 / 16, 32),
    work_mem: share(1 / 128, 4),
    max_connections: String(maxConnections),
    // Without LLVM in the stand-in, and with short queries in the official image, JIT only costs.
    jit: "off",
  };
}

/** What runs before the server: it sees to the password of a cluster that is there already. */
export const startScript = projectFile("config/services/files/postgres-start.sh", "/etc/ragdock/start.sh");

/** The server's command line: each setting as `-c name=value`. */
export const postgresCommand = (settings: Readonly<Record<string, string>>): string[] => [
  "bash",
  startScript.path,
  "postgres",
  ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]),
];

/** MiB that one `CREATE INDEX` may take of /dev/shm, by a command line of postgresCommand. */
export function maintenanceMemory(command: readonly string[] = []): number {
  const prefix = "maintenance_work_mem=";
  const value = command.find((word) => word.startsWith(prefix))?.slice(prefix.length);
  // The server's own default.
  return Number.parseInt(value ?? "64MB", 10);
}

/**
 * PostgreSQL with pgvector: documents, and vectors unless Chroma keeps them.
 * @param volume short name of its volume; a version later than 17 adds itself
 */
export function postgres(ctx: Context, name = "postgres", volume = "postgres-data"): LongRunning {
  const limits: Limits = ctx.prod
    ? { cpus: 2, memory: "2GiB", reservation: "1GiB" }
    : { cpus: 1, memory: "512MiB", reservation: "128MiB" };
  const memory = mebibytes(ctx.settings.services[name]?.limits?.memory ?? limits.memory);
  const { dataFolder, ...versioned } = cluster(ctx.settings.postgresVersion, volume);
  return {
    ...common,
    name,
    role: "postgres",
    kind: "stateful",
    ...versioned,
    command: postgresCommand(postgresTuning(memory)),
    networks: ["backend"],
    environment: {
      POSTGRES_USER: database.user,
      POSTGRES_DB: database.name,
      POSTGRES_PASSWORD_FILE: "/run/secrets/postgres-admin-password",
      POSTGRES_INITDB_ARGS: "--data-checksums",
      PGDATA: dataFolder,
    },
    files: [secretFile("postgres-admin-password"), startScript],
    endpoint: { container: database.port, host: 5432, exposure: "none" },
    // Over TCP: the server that initialises an empty volume listens on its socket only.
    healthcheck: Healthcheck.command(
      ["pg_isready", "-q", "-h", "127.0.0.1", "-U", database.user, "-d", database.name],
      {
        interval: "2s",
        startPeriod: "1m",
      },
    ),
    blackbox: { module: "tcp_connect", port: database.port },
    limits,
    // HNSW builds keep maintenance_work_mem, a sixteenth, in shared memory; twice that leaves room for queries.
    shm: `${Math.max(64, Math.ceil(memory / 8))}MiB`,
    stopGracePeriod: "2m",
  };
}

/** Redis: the queue between API and worker, and the cache of query embeddings. */
export function redis(ctx: Context): LongRunning {
  const limits: Limits = ctx.prod ? { cpus: 1, memory: "512MiB" } : { cpus: 0.5, memory: "128MiB" };
  const memory = mebibytes(ctx.settings.services.redis?.limits?.memory ?? limits.memory);
  return {
    ...common,
    name: "redis",
    role: "redis",
    kind: "stateful",
    ...catalogue("redis"),
    command: ["sh", "/etc/ragdock/start.sh", "redis-server", "/etc/redis/redis.conf"],
    networks: ["backend"],
    files: [
      secretFile("redis-admin-password"),
      projectFile("config/services/files/redis-start.sh", "/etc/ragdock/start.sh"),
      {
        path: "/etc/redis/redis.conf",
        content: [
          "bind * -::*",
          "port 6379",
          "dir /data",
          "appendonly yes",
          // Leaves a quarter for the append-only file's rewrite; only the cache's keys carry a time to live.
          `maxmemory ${Math.floor(memory * 0.75)}mb`,
          "maxmemory-policy volatile-lru",
          // Users and the hashes of their passwords, so that a new client changes nothing of this container.
          "aclfile /data/users.acl",
          "",
        ].join("\n"),
      },
    ],
    volumes: [{ volume: "redis-data", path: "/data", own: ["users.acl"] }],
    endpoint: { container: 6379, host: 6379, exposure: "none" },
    healthcheck: Healthcheck.shell(
      'REDISCLI_AUTH="$(cat /run/secrets/redis-admin-password)" redis-cli --no-auth-warning --user admin ping | grep -q PONG',
      { interval: "2s" },
    ),
    blackbox: { module: "tcp_connect", port: 6379 },
    limits,
    stopGracePeriod: "1m",
  };
}

/** Chroma's server, where vectors are kept outside PostgreSQL. */
export function chroma(ctx: Context): LongRunning {
  return {
    ...common,
    name: "chroma",
    role: "chroma",
    kind: "stateful",
    ...catalogue("chroma"),
    networks: ["backend"],
    environment: { ANONYMIZED_TELEMETRY: "FALSE" },
    volumes: [{ volume: "chroma-data", path: "/data" }],
    endpoint: { container: 8000, host: 8001, exposure: "none" },
    healthcheck: Healthcheck.command(images.chroma.probe ?? []),
    blackbox: { module: "http_2xx", port: 8000, path: "/api/v2/heartbeat" },
    limits: ctx.prod ? { cpus: 1, memory: "1GiB" } : { cpus: 1, memory: "512MiB" },
    stopGracePeriod: "1m",
  };
}
