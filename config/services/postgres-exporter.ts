import { wget } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import { type Alert, lines, type Row, stat } from "../spec/monitoring.ts";
import { monitoringNetwork, outsideNetwork } from "../spec/networks.ts";
import { orZero, perSecond, ratio } from "../spec/promql.ts";
import { publishedPorts } from "../spec/service.ts";
import type { ServiceModule } from "./module.ts";
import { exporter, listenOn, listensToMonitoring, nobody, prometheusBase } from "./monitoring.ts";
import { maxConnections, type PostgresModule, postgresDown } from "./postgres.ts";
import { secretFile, secretPath, userName } from "./secrets.ts";
import { devPort } from "./store.ts";

const image = {
  name: "postgres-exporter",
  reference: "quay.io/prometheuscommunity/postgres-exporter:v0.19.1",
  user: nobody,
  port: 9187,
  healthcheck: wget(9187, "/"),
  metrics: { port: 9187, path: "/metrics" },
  official: {
    sources: ["prometheus-community/postgres_exporter@v0.19.1:Dockerfile", prometheusBase],
    base: "busybox",
    entrypoint: ["/bin/postgres_exporter"],
  },
  standIn: { folder: "dockerfiles/postgres-exporter" },
} as const satisfies CatalogueImage;

/** PostgreSQL refuses clients at 1, and keeps a few connections for superusers. */
const connectionsBound = 0.8;

/**
 * The metrics of a PostgreSQL server.
 * @param name of the service. A system with two servers gives each exporter another one.
 */
export const postgresExporter = (
  store: PostgresModule,
  port?: number,
  name: string = image.name,
): ServiceModule =>
  exporter(image, (ctx) => {
    const login = store.login(ctx).monitor;
    const { host, port: serverPort, tls, authority, files } = store.connection(ctx);
    const root = authority ? `&sslrootcert=${authority}` : "";
    const isExternal = ctx.settings.postgres.external !== undefined;
    const most = isExternal ? "max(pg_settings_max_connections)" : String(maxConnections);
    return {
      ...listensToMonitoring(ctx, image, "/", name),
      name,
      environment: {
        DATA_SOURCE_URI: `${host}:${serverPort}/${store.database(ctx).name}?sslmode=${tls}${root}`,
        DATA_SOURCE_USER: userName(login),
        DATA_SOURCE_PASS_FILE: secretPath(login.password),
      },
      files: [secretFile(login.password), ...files],
      ports: port === undefined ? [] : [devPort(ctx, image.port, port)],
      dependsOn: [store.name],
      databaseConnections: 2,
      derive: (self) =>
        publishedPorts(self).length > 0 && ctx.settings.target === "engine"
          ? { entrypoint: listenOn([monitoringNetwork, outsideNetwork], image, name) }
          : {},
      alerts: [
        postgresDown(store.name, `pg_up{service="${name}"} == 0`, isExternal),
        connectionsNearLimit(most),
      ],
      rows: [row(isExternal ? most : `vector(${most})`)],
    };
  });

const connectionsNearLimit = (most: string): Alert => ({
  name: "PostgresConnectionsNearLimit",
  severity: "warning",
  expr: `sum by (service) (pg_stat_database_numbackends) / ${most} > ${connectionsBound}`,
  holds: "5m",
  summary: "PostgreSQL has {{ $value | humanizePercentage }} of its connections in use",
  description: "At the limit PostgreSQL refuses new clients, and requests fail with 503.",
  runbook:
    "The sum of the pools of all replicas must stay below max_connections. Lower the pool size or the number of " +
    "replicas. Connections `idle in transaction` (panel `Connections`) mean that a client does not close its transactions.",
});

const blocksRead = "sum(rate(pg_stat_database_blks_hit[5m])) + sum(rate(pg_stat_database_blks_read[5m]))";

const row = (limit: string): Row => ({
  board: "stores",
  title: "PostgreSQL",
  panels: [
    stat("Up", "min(pg_up)", { redBelow: 1 }),
    stat("Size", "sum(pg_database_size_bytes)", { unit: "bytes" }),
    stat("Cache hits", ratio("sum(rate(pg_stat_database_blks_hit[5m]))", blocksRead), {
      unit: "percentunit",
      description:
        "The share of blocks found in shared buffers. If it is low with a large database, raise shared_buffers.",
    }),
    stat("Deadlocks", orZero("sum(increase(pg_stat_database_deadlocks[1h]))"), {
      redFrom: 1,
      description: "Counts the last hour.",
    }),
    stat("Longest transaction", orZero("max(pg_stat_activity_max_tx_duration)"), { unit: "s", redFrom: 300 }),
    stat("Write-ahead log", orZero("max(pg_wal_size_bytes)"), { unit: "bytes" }),
    lines("Connections", {
      "{{state}}": "sum by (state) (pg_stat_activity_count) > 0",
      limit,
    }),
    lines(
      "Transactions",
      {
        committed: perSecond("pg_stat_database_xact_commit"),
        "rolled back": perSecond("pg_stat_database_xact_rollback"),
      },
      { unit: "ops" },
    ),
    lines(
      "Rows",
      {
        fetched: perSecond("pg_stat_database_tup_fetched"),
        inserted: perSecond("pg_stat_database_tup_inserted"),
        deleted: perSecond("pg_stat_database_tup_deleted"),
      },
      { unit: "ops" },
    ),
  ],
});
