import { bashHttp, Healthcheck } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import { lines, type Row, stat } from "../spec/monitoring.ts";
import { perSecond } from "../spec/promql.ts";
import type { FileSpec } from "../spec/service.ts";
import { clientLogin, clientUser, neededStore } from "./needed-store.ts";
import { projectFile } from "./project-files.ts";
import { secretFile } from "./secrets.ts";
import { startScript } from "./store.ts";

const image = {
  name: "clickhouse",
  reference: "clickhouse/clickhouse-server:25.8.30.16",
  user: "101:101",
  port: 8123,
  dataPath: "/var/lib/clickhouse",
  healthcheck: bashHttp(8123, "/ping"),
  metrics: { port: 9363, path: "/metrics" },
  official: {
    sources: [
      "ClickHouse/ClickHouse@001409c:docker/server/Dockerfile.ubuntu",
      "ClickHouse/ClickHouse@00b7432:docker/server/entrypoint.sh",
    ],
    base: "ubuntu",
    programs: ["clickhouse", "clickhouse-client", "wget"],
    entrypoint: ["/entrypoint.sh"],
    runsCommands: true,
    startsAs: "root",
  },
  standIn: { unavailable: "Debian and PyPI have no package of ClickHouse's server." },
} as const satisfies CatalogueImage;

/** ClickHouse: events and traces, for analysis. */
export const clickhouse = neededStore(
  image,
  "ClickHouse",
  (ctx) => Object.values(clientLogin(ctx, image.name)),
  (ctx) => ({
    entrypoint: ["bash", startScript],
    environment: {
      CLIENT: clientUser,
      // The start script makes the user. Otherwise, newer versions of the entrypoint would change
      // the default user.
      CLICKHOUSE_SKIP_USER_SETUP: "1",
    },
    files: [
      { ...secretFile(clientLogin(ctx, image.name).password), path: "/run/secrets/password" },
      projectFile("config/services/files/clickhouse-start.sh", startScript),
      server,
    ],
    healthcheck: Healthcheck.command(image.healthcheck, { startPeriod: "1m" }),
    blackbox: { module: "http_2xx", port: image.port, path: "/ping" },
    metrics: image.metrics,
    limits: ctx.prod ? { cpus: 2, memory: "4GiB" } : { cpus: 1, memory: "1GiB" },
    rows: [row],
  }),
);

/** Writes logs to Docker instead of files that grow in the container, and serves metrics. */
const server: FileSpec = {
  path: "/etc/clickhouse-server/config.d/ragdock.xml",
  content: `<clickhouse>
  <logger>
    <level>information</level>
    <console>1</console>
    <log remove="remove"></log>
    <errorlog remove="remove"></errorlog>
  </logger>
  <prometheus>
    <endpoint>${image.metrics.path}</endpoint>
    <port>${image.metrics.port}</port>
    <metrics>true</metrics>
    <events>true</events>
    <asynchronous_metrics>true</asynchronous_metrics>
  </prometheus>
</clickhouse>
`,
};

const row: Row = {
  board: "stores",
  title: "ClickHouse",
  panels: [
    stat("Answers", 'min(probe_success{service="clickhouse"})', { redBelow: 1 }),
    stat("Memory", "sum(ClickHouseMetrics_MemoryTracking)", { unit: "bytes" }),
    stat("Running queries", "sum(ClickHouseMetrics_Query)"),
    lines(
      "Queries",
      {
        queries: perSecond("ClickHouseProfileEvents_Query"),
        failed: perSecond("ClickHouseProfileEvents_FailedQuery"),
      },
      { unit: "ops", width: 12 },
    ),
  ],
};
