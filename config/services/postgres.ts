import type { ExternalStore } from "../spec/external-store.ts";
import { Healthcheck } from "../spec/healthcheck.ts";
import { catalogueImage } from "../spec/image.ts";
import type { Alert } from "../spec/monitoring.ts";
import { clusterVolume, type Database } from "../spec/postgres.ts";
import type { FileSpec, LongRunning } from "../spec/service.ts";
import { mebibytes } from "../spec/units.ts";
import { type Connection, checkJob } from "./external.ts";
import type { Context, ServiceTemplate } from "./module.ts";
import { postgresCatalogueImage, postgresVersionImages } from "./postgres-images.ts";
import { projectFile } from "./project-files.ts";
import { userName } from "./secrets.ts";
import type { StoreModule, StoreOptions } from "./store.ts";
import { adminPassword, devPort, startScript, storeModule } from "./store.ts";

/**
 * Connections that a server accepts. The policy on connections ensures that the sum of all pools
 * stays below it.
 */
export const maxConnections = 100;

/** The administrator of a server, and the port that it listens on. */
export const postgresServer = { admin: "postgres", port: 5432 } as const;

/** The database of a system that names no other. */
const defaultDatabase: Database = { name: "rag", user: "rag" };

/**
 * Server settings computed from the container's memory, in MiB. The shares are those of the
 * PostgreSQL manual (19.4, resource consumption): a quarter for shared buffers, three quarters as
 * assumed cache, a sixteenth for maintenance, which HNSW builds use.
 */
function tuning(memoryMiB: number): Record<string, string> {
  const share = (part: number, least: number): string => `${Math.max(least, Math.floor(memoryMiB * part))}MB`;
  return {
    shared_buffers: share(1 / 4, 32),
    effective_cache_size: share(3 / 4, 96),
    maintenance_work_mem: share(1 / 16, 32),
    work_mem: share(1 / 128, 4),
    max_connections: String(maxConnections),
    // JIT costs more than it gains: the stand-in has no LLVM, and the queries are short.
    jit: "off",
  };
}

/** The rules for who may log in. The start script names this file. */
const hba = ({ user }: Database): FileSpec => ({
  path: "/etc/ragdock/pg_hba.conf",
  content: [
    "# Who may log in. A session in the server's own container needs no password.",
    "local all all trust",
    "# The owner has no password. Its clients log in as roles of their own.",
    `host all "${user}" all reject`,
    "host all all all scram-sha-256",
    "",
  ].join("\n"),
});

/** The server's command line: the start script, then each setting as `-c name=value`. */
const postgresCommand = (settings: Readonly<Record<string, string>>): string[] => [
  "bash",
  startScript,
  "postgres",
  ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]),
];

export interface PostgresOptions extends StoreOptions {
  /**
   * Extensions that the administrator creates, because clients must not. `name:schema` creates the
   * schema first.
   * @default vector
   */
  readonly extensions?: readonly string[];
  /**
   * The database, and its owner. `ragdock:postgres` takes precedence. Clients act as the owner, which
   * has no rights outside the database.
   * @default rag, owned by rag
   */
  readonly database?: Database;
  /**
   * More settings of the server, for a container with this much memory. They take precedence.
   * @default none
   */
  readonly settings?: (memoryMiB: number, database: Database) => Readonly<Record<string, string>>;
}

/** A PostgreSQL server of a system. */
export interface PostgresModule extends StoreModule {
  readonly database: (ctx: Context) => Database;
}

/** PostgreSQL with pgvector: documents, and vectors unless Chroma holds them. */
export function postgres(options: PostgresOptions = {}): PostgresModule {
  const { name = "postgres", adapt = (service) => service, extensions = ["vector"] } = options;
  const database = ({ settings: { postgres } }: Context): Database => {
    const { database: preset = defaultDatabase } = options;
    if (postgres.external) return { name: postgres.external.database, user: postgres.external.user };
    return { name: postgres.database ?? preset.name, user: postgres.user ?? preset.user };
  };
  const environment = (ctx: Context) => ({
    PGHOST: name,
    PGDATABASE: database(ctx).name,
    OWNER: database(ctx).user,
    ADMIN: postgresServer.admin,
    EXTENSIONS: extensions.join(" "),
  });
  const check: Check = (ctx, connection, { user, password }) =>
    checkJob(externalServer(name, connection, ctx), {
      image: postgresVersionImages[ctx.settings.postgresVersion].image,
      shell: "bash",
      environment: {
        PGHOST: connection.host,
        PGPORT: String(connection.port),
        PGDATABASE: database(ctx).name,
        PGUSER: userName({ user, password }),
        ...sslVariables(connection),
        EXTENSIONS: extensions.join(" "),
      },
      password,
      files: connection.files,
    });
  const roles = projectFile("config/services/files/postgres-roles.sql", "/etc/ragdock/roles.sql");
  return {
    ...storeModule(
      name,
      "postgres",
      environment,
      (ctx, { files, ...base }) =>
        adapt({
          ...base,
          ...server(ctx, database(ctx), options),
          files: [...files, hba(database(ctx))],
        }),
      { port: postgresServer.port, check, files: [roles] },
    ),
    database,
    images: Object.values(postgresVersionImages).map(({ image }) => image),
  };
}

type Check = Parameters<typeof storeModule>[4]["check"];

const externalServer = (name: string, { host, port }: Connection, { settings }: Context): ExternalStore => ({
  name,
  role: "postgres",
  host,
  port,
  blackbox: { module: "tcp_connect", port },
  allow: settings.postgres.external?.allow ?? [],
});

/**
 * The variables with which libpq, psycopg and asyncpg encrypt their connections. There are none for
 * a store of the stack.
 */
export const sslVariables = ({ tls, authority }: Connection): Record<string, string> =>
  tls === "disable" ? {} : { PGSSLMODE: tls, ...(authority ? { PGSSLROOTCERT: authority } : {}) };

function server(
  ctx: Context,
  database: Database,
  { volume = "postgres-data", devPort: port, settings = () => ({}) }: PostgresOptions,
) {
  const version = ctx.settings.postgresVersion;
  const { image, folder } = postgresVersionImages[version];
  const path = image.dataPath ?? "";
  return {
    ...catalogueImage(image),
    volumes: [{ volume: clusterVolume(volume, version), path }],
    postgresVersion: version,
    database,
    environment: {
      POSTGRES_USER: postgresServer.admin,
      POSTGRES_DB: database.name,
      POSTGRES_PASSWORD_FILE: adminPassword,
      POSTGRES_INITDB_ARGS: "--data-checksums",
      PGDATA: `${path}/${folder}`,
    },
    ports: [devPort(ctx, postgresServer.port, port)],
    // Over TCP: the server that initialises an empty volume listens on its socket only.
    healthcheck: Healthcheck.command(
      [...postgresCatalogueImage.healthcheck, "-U", database.user, "-d", database.name],
      {
        interval: "2s",
        startPeriod: "1m",
      },
    ),
    blackbox: { module: "tcp_connect", port: postgresServer.port },
    limits: ctx.prod
      ? { cpus: 2, memory: "2GiB", reservation: "1GiB" }
      : { cpus: 1, memory: "512MiB", reservation: "128MiB" },
    stopGracePeriod: "2m",
    derive: ({ limits, shm, command }) => {
      const memory = mebibytes(limits.memory);
      return {
        command: command ?? postgresCommand({ ...tuning(memory), ...settings(memory, database) }),
        // HNSW builds keep maintenance_work_mem, a sixteenth of the memory, in shared memory. Twice
        // that leaves room for queries.
        shm: shm ?? `${Math.max(64, Math.ceil(memory / 8))}MiB`,
      };
    },
    deriveAlerts: (self) =>
      self.blackbox ? [postgresDown(self.name, `probe_success{service="${self.name}"} == 0`)] : [],
  } satisfies Partial<ServiceTemplate<LongRunning>>;
}

/**
 * Fires when the server does not answer its exporter, or the blackbox exporter if it has no other.
 */
export const postgresDown = (server: string, expr: string, isExternal = false): Alert => ({
  name: "PostgresDown",
  severity: "critical",
  expr,
  holds: "1m",
  summary: "PostgreSQL does not answer",
  description: `While the database is down, nobody can ask questions and no document is ingested.${isExternal ? "" : " Its data is on its volume."}`,
  runbook: isExternal
    ? externalRunbook("postgres", "PostgreSQL")
    : `Read \`make logs SERVICE=${server}\`. After a crash the server recovers by itself. Wait, and do not kill it. ` +
      "If the disk is full, free space first. If the password is refused, the volume is older than the secret: rotate the password.",
  suppresses: storeConsequences,
});

/** What to do about a server outside of the stack. */
export const externalRunbook = (role: "postgres" | "redis", title: string): string =>
  `${title} is outside of the stack: ragdock:${role}.external names it. Look there first. Then check from this host that ` +
  `its port answers, and that the login still works: if the password was changed there, set the secret ${role}Password.`;

export const storeConsequences = [
  "ServiceUnhealthy",
  "HighErrorRate",
  "HighLatencyP95",
  "IngestionBacklog",
  "IngestionFailing",
] as const;
