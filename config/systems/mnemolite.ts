import { Probe } from "../probe.ts";
import type { BindMount, Built, Job, LongRunning } from "../service.ts";
import { userOf } from "../services/access.ts";
import { pythonBases } from "../services/app.ts";
import { type Context, common, commonJob } from "../services/draft.ts";
import { projectFile, secretFile } from "../services/files.ts";
import { chroma, database, postgres, postgresCommand } from "../services/stores.ts";
import type { System } from "./system.ts";

const image: Built = {
  from: "build",
  name: "mnemolite",
  context: "systems/mnemolite",
  dockerfile: "systems/mnemolite/Dockerfile",
  bases: pythonBases,
};

const user = "10001:10001";

/** A memory of texts: a tuned PostgreSQL that schedules its own upkeep, Chroma for the vectors, an API and a worker. */
export const mnemolite: System = {
  about:
    "A tuned PostgreSQL 17 with pg_cron and pg_partman, a Chroma server, an API with pages, and a worker.",
  differs: [
    "pgmq is in no package: the queue is a table read with FOR UPDATE SKIP LOCKED.",
    "The init SQL comes as read-only files of the container and not as a mounted folder, so that production needs no checkout.",
    "pg_partman has no worker of its own running: at 5.2.4 it dies at each run, and pg_cron calls its maintenance every hour.",
  ],
  networks: { frontend: { internal: false }, backend: { internal: true } },
  services: (ctx) => [db(ctx), chromadb(ctx), setup(ctx), api(ctx), worker(ctx)],
};

function db(ctx: Context): LongRunning {
  const pg = ["pg_isready", "-h", "127.0.0.1", "-U", database.user, "-d", database.name];
  const server = postgres(ctx, "db", "postgres_data");
  return {
    ...server,
    aliases: ["database"],
    image: {
      from: "build",
      name: "mnemolite-db",
      context: "systems/mnemolite/db",
      dockerfile: "systems/mnemolite/db/Dockerfile",
      bases: [{ from: "catalogue", name: "postgres" }],
    },
    command: postgresCommand({
      shared_preload_libraries: "pg_cron,pg_partman_bgw",
      "cron.database_name": database.name,
      // Jobs run in the server itself, so that no password is needed for them.
      "cron.use_background_workers": "on",
      // Without a database pg_partman's own worker stays idle: at 5.2.4 it dies at each run, and pg_cron does its work.
      shared_buffers: "512MB",
      work_mem: "16MB",
      effective_cache_size: "1GB",
      maintenance_work_mem: "128MB",
      max_parallel_workers_per_gather: "4",
      max_worker_processes: "16",
    }),
    files: [
      ...server.files,
      ...initFiles.map((file) =>
        projectFile(`systems/mnemolite/db/init/${file}`, `/docker-entrypoint-initdb.d/${file}`),
      ),
    ],
    endpoint: loopback(ctx, database.port, 5432),
    probe: Probe.command(pg, { interval: "5s", timeout: "5s", retries: 5, startPeriod: "10s" }),
    limits: { cpus: 2, memory: "2GiB", reservation: "1GiB" },
    shm: "1GiB",
  };
}

/** What a new cluster is made with; the setup runs it again on every start. */
const initFiles = ["01-extensions.sql", "02-schema.sql", "03-partitions.sql"];

function chromadb(ctx: Context): LongRunning {
  return {
    ...chroma(ctx),
    name: "chromadb",
    volumes: [{ volume: "chroma_data", path: "/data" }],
    endpoint: loopback(ctx, 8000, 8000),
    limits: { cpus: 1, memory: "1GiB" },
  };
}

const stores = (ctx: Context): Record<string, string> => ({
  DATABASE_HOST: "database",
  DATABASE_PORT: String(database.port),
  DATABASE_NAME: database.name,
  DATABASE_USER: userOf(ctx, "postgres"),
  DATABASE_PASSWORD_FILE: "/run/secrets/postgres-password",
  CHROMA_HOST: "chromadb",
  CHROMA_PORT: "8000",
});

function setup(ctx: Context): Job {
  return {
    ...commonJob,
    name: "setup",
    role: "worker",
    image,
    command: ["-m", "mnemolite.setup"],
    user,
    networks: ["backend"],
    environment: stores(ctx),
    files: [secretFile("postgres-password")],
    limits: { cpus: 0.5, memory: "256MiB" },
    after: ["db"],
    databaseConnections: 1,
  };
}

function api(ctx: Context): LongRunning {
  return {
    ...common,
    name: "api",
    role: "api",
    kind: "stateless",
    image,
    user,
    networks: ["frontend", "backend"],
    environment: { ...stores(ctx), API_WORKERS: "2" },
    files: [secretFile("postgres-password")],
    mounts: ctx.prod ? [] : [source("config"), source("templates")],
    volumes: [{ volume: "api_cache", path: "/app/cache" }],
    endpoint: { container: 8000, host: 8001, exposure: "loopback" },
    probe: Probe.python("/health", 8000, { startPeriod: "1m" }),
    check: { module: "http_2xx", port: 8000, path: "/health" },
    metrics: { port: 8000, path: "/metrics" },
    limits: { cpus: 1, memory: "512MiB" },
    after: ["db", "chromadb", "setup"],
    stopGrace: "30s",
    databaseConnections: 10,
  };
}

function worker(ctx: Context): LongRunning {
  return {
    ...common,
    name: "worker",
    role: "worker",
    kind: "stateless",
    image,
    command: ["ingestion.py"],
    user,
    networks: ["backend"],
    environment: stores(ctx),
    files: [secretFile("postgres-password")],
    mounts: ctx.prod ? [] : [source("config")],
    volumes: [{ volume: "worker_data", path: "/app/data" }],
    probe: Probe.command(["python", "ingestion.py", "--probe"], { startPeriod: "1m" }),
    limits: { cpus: 1, memory: "1GiB" },
    after: ["db", "chromadb", "setup"],
    stopGrace: "1m",
    databaseConnections: 2,
  };
}

const source = (folder: string): BindMount => ({
  source: `systems/mnemolite/${folder}`,
  target: `/app/${folder}`,
  readOnly: true,
});

/** A store's port for a developer's own tools: on this host in dev, nowhere in production unless it is asked for. */
const loopback = (ctx: Context, container: number, host: number) =>
  ({ container, host, exposure: ctx.prod ? "none" : "loopback" }) as const;
