import { wget } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import { type Alert, lines, type Row, stat } from "../spec/monitoring.ts";
import { dockerDisk, orZero } from "../spec/promql.ts";
import type { Target } from "../spec/target.ts";
import type { ServiceModule } from "./module.ts";
import { exporter, nobody, prometheusBase } from "./monitoring.ts";
import { devPort } from "./store.ts";

const image = {
  name: "node-exporter",
  reference: "prom/node-exporter:v1.12.1",
  user: nobody,
  port: 9100,
  healthcheck: wget(9100, "/"),
  metrics: { port: 9100, path: "/metrics" },
  official: {
    sources: ["prometheus/node_exporter@v1.12.1:Dockerfile", prometheusBase],
    base: "busybox",
    entrypoint: ["/bin/node_exporter"],
  },
  standIn: { folder: "dockerfiles/node-exporter" },
} as const satisfies CatalogueImage;

/** The free share of a filesystem or of the host's memory below which an alert fires. */
const free = 0.1;

/** Seconds: one day, and two hours for the backup itself. */
const backupAge = 26 * 3600;

/** Seconds: one week, and one day of delay. */
const drillAge = 8 * 24 * 3600;

/** The host's own metrics, and those that `make backup` and `make drill` write. */
export const nodeExporter = (port?: number): ServiceModule =>
  exporter(image, (ctx) => ({
    // It mounts nothing of the host. CPU, memory, load and the disk that holds Docker's data are in
    // the container's own /proc.
    command: ["--collector.textfile.directory=/etc/node-exporter/metrics"],
    files: [{ path: "/etc/node-exporter/metrics/backup.prom", content: "# No backup yet.\n" }],
    ports: port === undefined ? [] : [devPort(ctx, image.port, port)],
    rows: [row(ctx.settings.target)],
    deriveAlerts: (_, services) => [
      ...hostAlerts,
      ...(services.some(({ role }) => role === "postgres") ? backupAlerts(ctx.prod) : []),
    ],
  }));

const hostAlerts: readonly Alert[] = [
  {
    name: "HostDiskAlmostFull",
    severity: "critical",
    expr: `node_filesystem_avail_bytes{${dockerDisk}} / node_filesystem_size_bytes{${dockerDisk}} < ${free}`,
    holds: "10m",
    summary: "Docker's disk {{ $labels.device }} has {{ $value | humanizePercentage }} left",
    description: "When the disk is full, PostgreSQL stops, Redis refuses writes, and images cannot be built.",
    runbook:
      "`docker system df` shows what Docker holds. `docker image prune` and `docker builder prune` remove what is not in " +
      "use. Never prune volumes: they contain the data. Then look at the size of the database.",
  },
  {
    name: "HostMemoryLow",
    severity: "warning",
    expr: `node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < ${free}`,
    holds: "5m",
    summary: "The host has {{ $value | humanizePercentage }} of its memory left",
    description: "With no memory left the kernel kills the largest process, which often is the database.",
    runbook:
      "The panel `Memory` of each service shows who uses it. Lower limits or replicas, or move to a larger host. " +
      "`make up` compares the sum of the limits with the host.",
  },
];

/** In production, the alerts also fire if no backup was ever made. */
const tooOld = (metric: string, seconds: number, prod: boolean): string =>
  `time() - ${metric} > ${seconds}${prod ? ` or absent(${metric})` : ""}`;

/** Alerts on whether the data could be restored. cli/data/report.ts writes these metrics. */
const backupAlerts = (prod: boolean): readonly Alert[] => [
  {
    name: "BackupTooOld",
    severity: "critical",
    expr: tooOld("ragdock_backup_last_success_timestamp_seconds", backupAge, prod),
    holds: "1h",
    summary: "The last backup is older than a day",
    description:
      "If data is lost now, all changes since the last backup are lost. `make backups` shows its age.",
    runbook:
      "Run `make backup` and read its output. Then find out why the host's cron did not run `make backup` (docs/guide/backup.md).",
  },
  {
    name: "DrillTooOld",
    severity: "warning",
    expr: tooOld("ragdock_backup_last_drill_success_timestamp_seconds", drillAge, prod),
    holds: "1h",
    summary: "No backup has been restored as a test for over a week",
    description: "Only a restored backup proves that backups can be restored.",
    runbook: "Run `make drill`. If it fails, create another backup and test that one.",
  },
];

const cpuInUse = '1 - avg(rate(node_cpu_seconds_total{mode="idle"}[5m]))';
const memoryInUse = "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes";
const diskInUse = `max by (device) (1 - node_filesystem_avail_bytes{${dockerDisk}} / node_filesystem_size_bytes{${dockerDisk}})`;
const loadPerCpu = 'node_load5 / count(node_cpu_seconds_total{mode="idle"}) without (cpu, mode)';

/** Each node of a Swarm, by its name. Of one host, the other panels show the same. */
const byNode = (target: Target): Row["panels"] => {
  const named = (expr: string): string => `(${expr}) * on (instance) group_left (nodename) node_uname_info`;
  return target === "engine"
    ? []
    : [
        lines(
          "CPU by node",
          { "{{nodename}}": named(`1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))`) },
          { unit: "percentunit" },
        ),
        lines("Memory by node", { "{{nodename}}": named(memoryInUse) }, { unit: "percentunit" }),
        lines(
          "Disk by node",
          {
            "{{nodename}}": named(
              `max by (instance) (1 - node_filesystem_avail_bytes{${dockerDisk}} / node_filesystem_size_bytes{${dockerDisk}})`,
            ),
          },
          { unit: "percentunit" },
        ),
      ];
};

const row = (target: Target): Row => ({
  board: "host",
  title: "Host",
  panels: [
    ...byNode(target),
    stat("CPU", cpuInUse, { unit: "percentunit", redFrom: 0.9 }),
    stat("Memory", memoryInUse, { unit: "percentunit", redFrom: 0.9 }),
    stat("Docker's disk", `max(${diskInUse})`, { unit: "percentunit", redFrom: 0.9 }),
    stat("Load per CPU", loadPerCpu, { redFrom: 2 }),
    stat("Waiting for the disk", orZero("max(rate(node_pressure_io_waiting_seconds_total[5m]))"), {
      unit: "percentunit",
      redFrom: 0.5,
    }),
    stat("Killed for memory", orZero("sum(increase(node_vmstat_oom_kill[1h]))"), {
      redFrom: 1,
      description: "Processes that the kernel killed in the last hour. Look for exit code 137.",
    }),
    lines(
      "CPU by mode",
      { "{{mode}}": 'sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[5m]))' },
      { description: "In CPUs." },
    ),
    lines("Data in volumes", { "{{service}}": orZero("ragdock:volume_bytes") }, { unit: "bytes" }),
    stat("Logs, at most", "sum(ragdock:log_limit_bytes)", {
      unit: "bytes",
      description: "The size to which Docker's rotation lets the logs of all services grow.",
    }),
    lines("Docker's disk", { "{{device}}": diskInUse }, { unit: "percentunit" }),
  ],
});
