import { chroma, chromaAddress } from "../services/chroma.ts";
import { type Context, jobDefaults, serviceDefaults } from "../services/module.ts";
import { postgres, sslVariables } from "../services/postgres.ts";
import { postgresCatalogueImage } from "../services/postgres-images.ts";
import { projectFile } from "../services/project-files.ts";
import { pythonApp } from "../services/python.ts";
import { secretFile, secretPath, userName } from "../services/secrets.ts";
import { asks, uploadsTo } from "../spec/access.ts";
import { Healthcheck } from "../spec/healthcheck.ts";
import type { BindMount, FileSpec, Job, LongRunning } from "../spec/service.ts";
import type { System } from "./system.ts";

const image = pythonApp("mnemolite", "systems/mnemolite");

const user = "10001:10001";

/** The SQL that initialises a new cluster. The setup runs it again at every start. */
const initFiles = ["01-extensions.sql", "02-schema.sql", "03-partitions.sql"];

const db = postgres({
  name: "db",
  volume: "postgres_data",
  devPort: 5432,
  extensions: ["vector", "pg_partman:partman", "pg_cron"],
  database: { name: "mnemolite", user: "mnemo" },
  // With 2 GiB these and the shares of the memory are the values of the original: 512MB of shared
  // buffers, 16MB of work memory and 128MB for maintenance.
  settings: (memoryMiB, { name }) => ({
    shared_preload_libraries: "pg_cron,pg_partman_bgw",
    "cron.database_name": name,
    // Jobs run in the server itself and need no password.
    "cron.use_background_workers": "on",
    // pg_partman's own worker gets no database and stays idle, because version 5.2.4 fails at each
    // run. pg_cron does its work.
    effective_cache_size: `${Math.floor(memoryMiB / 2)}MB`,
    max_parallel_workers_per_gather: "4",
    max_worker_processes: "16",
  }),
  adapt: (server) => ({
    ...server,
    aliases: ["database", "mnemo-postgres"],
    image: {
      from: "build",
      name: "mnemolite-db",
      context: "systems/mnemolite/db",
      dockerfile: "systems/mnemolite/db/Dockerfile",
      bases: [{ from: "catalogue", image: postgresCatalogueImage }],
    },
    files: [
      ...server.files,
      ...initFiles.map((file) =>
        projectFile(`systems/mnemolite/db/init/${file}`, `/docker-entrypoint-initdb.d/${file}`),
      ),
    ],
    healthcheck: { ...server.healthcheck, interval: "5s", timeout: "5s", retries: 5, startPeriod: "10s" },
    limits: { cpus: 2, memory: "2GiB", reservation: "1GiB" },
    shm: "1GiB",
  }),
});

/**
 * A memory of texts: a tuned PostgreSQL that schedules its own upkeep, Chroma for the vectors, an
 * API and a worker.
 */
export const mnemolite: System = {
  about:
    "A tuned PostgreSQL 17 with pg_cron and pg_partman, a Chroma server, an API with pages, and a worker.",
  differs: [
    "By default, no monitoring service watches it. `ragdock:monitoring: true` adds Prometheus, Alertmanager, Grafana and exporters.",
    "pgmq is in no package of Debian or PostgreSQL: the setup creates its functions from the SQL in its PyPI package. The functions need no library on the server. The queue of memories is still a table, because a table can be ordered by size and can show the state of each memory.",
    "The init SQL comes as read-only files of the container and not as a mounted folder, so production needs no checkout.",
    "`make clean` keeps the data. `make destroy-data` deletes it, and asks for the name of the stack.",
    "`make setup` installs what the machine lacks. `make up` builds, starts and runs the SQL.",
    "pg_partman's own worker does not run: in version 5.2.4 each run fails. Instead, pg_cron calls the maintenance every hour, as in the original, as the owner of the tables.",
    "No variable has the password, unlike DATABASE_URL: DATABASE_HOST, DATABASE_NAME and DATABASE_USER name the database, and DATABASE_PASSWORD_FILE the file. `services.<name>.secrets` gives your own application the whole URL.",
    "Clients log in as rag_<generation>, which acts as the owner mnemo, so the password can be rotated without a pause.",
    "Containers have generated names, so that a new container can start before the old one stops. The container names of the original, such as mnemo-postgres, are aliases on the networks.",
    "Python is 3.13 and not 3.12. All applications use one version, which Debian 13 has. It gets security fixes until 2029.",
    "API and worker are one image with two commands, because they share the library and the model. So both always have the same version.",
    "Chroma is chromadb/chroma 1.5 with its data on /data and the v2 heartbeat. Since version 1.0 it has no v1 API and no duckdb. The tag `latest` would change without notice.",
    "Health checks run every 5 s until the first success and less often after that. So Ragdock notices a start sooner, and a running container has fewer checks.",
    "The worker's health check reads its heartbeat, because a process that hangs is still in the list of processes.",
    "The images have no curl, so that an attacker finds no HTTP client: the health checks are programs of the images.",
    "The images are built with the cache of the Docker host. Ragdock exports no cache and embeds none: each image is named after the digest of its content, so an unchanged image is not built again.",
    "There is no folder /scripts: the SQL of the setup is in the image, and the job `setup` runs it at each start.",
    "`make health` explains what is wrong. With JSON=1 it prints JSON.",
    "Docker 20.10 is enough. Neither Compose nor 30 GB of disk are needed. Before a deployment, Ragdock compares the limits with the memory of the host and requires 2 GiB of free disk.",
    "There is no docker-compose.yml to write: `make up SYSTEM=mnemolite` is the installation, and `make compose` writes the file.",
  ],
  modules: [
    db,
    chroma({
      name: "chromadb",
      volume: "chroma_data",
      devPort: 8000,
      aliases: ["mnemo-chroma"],
      limits: { cpus: 1, memory: "1GiB" },
      optIn: () => true,
    }),
    { services: (ctx) => [setup(ctx), api(ctx), worker(ctx)] },
  ],
};

/** The environment that setup, API and worker share: the addresses of the stores, and the login. */
function stores(ctx: Context): { environment: Record<string, string>; files: FileSpec[] } {
  const login = db.login(ctx);
  const connection = db.connection(ctx);
  return {
    environment: {
      // Within the stack by the name of the original.
      DATABASE_HOST: ctx.settings.postgres.external ? connection.host : "database",
      DATABASE_PORT: String(connection.port),
      ...sslVariables(connection),
      DATABASE_NAME: db.database(ctx).name,
      DATABASE_USER: userName(login),
      DATABASE_PASSWORD_FILE: secretPath(login.password),
      CHROMA_URL: chromaAddress(ctx, "chromadb").url,
    },
    files: [secretFile(login.password), ...connection.files],
  };
}

function setup(ctx: Context): Job {
  return {
    ...jobDefaults,
    ...stores(ctx),
    name: "setup",
    role: "worker",
    image,
    command: ["-m", "mnemolite.setup"],
    user,
    limits: { cpus: 0.5, memory: "256MiB" },
    dependsOn: [db.name],
    databaseConnections: 1,
  };
}

function api(ctx: Context): LongRunning {
  const { environment, files } = stores(ctx);
  return {
    ...serviceDefaults,
    name: "api",
    role: "api",
    aliases: ["mnemo-api"],
    image,
    user,
    environment: { ...environment, UVICORN_WORKERS: "2", UVICORN_LOOP: "uvloop" },
    files,
    mounts: ctx.prod ? [] : [source("config"), source("templates")],
    volumes: [{ volume: "api_cache", path: "/app/cache" }],
    ports: [{ container: 8000, host: 8001, exposure: "loopback" }],
    healthcheck: Healthcheck.python("/health", 8000, { startPeriod: "1m" }),
    uploadPaths: ["/memories"],
    access: [asks("/search"), uploadsTo("/memories")],
    blackbox: { module: "http_2xx", port: 8000, path: "/health" },
    readiness: { port: 8000, path: "/health" },
    metrics: { port: 8000, path: "/metrics" },
    limits: { cpus: 1, memory: "512MiB" },
    dependsOn: [db.name, "chromadb", "setup"],
    stopGracePeriod: "30s",
    databaseConnections: 10,
  };
}

function worker(ctx: Context): LongRunning {
  return {
    ...serviceDefaults,
    ...stores(ctx),
    name: "worker",
    role: "worker",
    aliases: ["mnemo-worker"],
    image,
    command: ["ingestion.py"],
    user,
    mounts: ctx.prod ? [] : [source("config")],
    volumes: [{ volume: "worker_data", path: "/app/data" }],
    healthcheck: Healthcheck.command(["python", "ingestion.py", "--probe"], { startPeriod: "1m" }),
    limits: { cpus: 1, memory: "1GiB" },
    dependsOn: [db.name, "chromadb", "setup"],
    stopGracePeriod: "1m",
    databaseConnections: 2,
  };
}

const source = (folder: string): BindMount => ({
  source: `systems/mnemolite/${folder}`,
  target: `/app/${folder}`,
  readOnly: true,
});
