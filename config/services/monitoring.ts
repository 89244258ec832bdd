import {
  type MonitoredService,
  type MonitoringOptions,
  renderAlertmanager,
  renderBlackbox,
  renderDashboards,
  renderGrafanaProvisioning,
  renderPrometheus,
  renderRules,
} from "../../monitoring/index.ts";
import { userOf } from "../passes/credentials.ts";
import { Healthcheck } from "../spec/healthcheck.ts";
import { type Blackbox, isLongRunning, type LongRunning, type ServiceSpec } from "../spec/service.ts";
import { mebibytes } from "../spec/units.ts";
import { secret, secretFile } from "./project-files.ts";
import { database, maxConnections } from "./stores.ts";
import { type Context, catalogue, common, type ServiceTemplate } from "./template.ts";

/** A service as monitoring sees it. */
export function monitored(service: ServiceSpec): MonitoredService {
  return {
    name: service.name,
    kind: service.kind,
    role: service.role,
    memoryLimitBytes: mebibytes(service.limits.memory) * 1024 * 1024,
    ...(isLongRunning(service) && service.metrics
      ? { metrics: { ...service.metrics, replicas: service.replicas } }
      : {}),
    ...(isLongRunning(service) && service.blackbox
      ? { blackbox: { module: service.blackbox.module, target: target(service.name, service.blackbox) } }
      : {}),
  };
}

const target = (name: string, check: Blackbox): string =>
  check.module === "http_2xx" ? `http://${name}:${check.port}${check.path}` : `${name}:${check.port}`;

/** What the renderers of monitoring/ need beside the services. */
export function monitoringOptions(ctx: Context, services: readonly ServiceSpec[]): MonitoringOptions {
  const { scrapeInterval, retention, alertWebhook } = ctx.settings.monitoring;
  const has = (name: string): boolean => services.some((s) => s.name === name);
  return {
    project: ctx.project,
    stack: ctx.stack,
    scrapeInterval,
    retention,
    containerMetrics: has("cadvisor"),
    grafana: has("grafana"),
    prod: ctx.prod,
    maxConnections,
    ...(alertWebhook ? { alertWebhookUrl: alertWebhook } : {}),
  };
}

/** Prometheus: scrapes every service that has metrics, and asks the others through the blackbox exporter. */
export function prometheus(ctx: Context): ServiceTemplate<LongRunning> {
  return {
    ...common,
    name: "prometheus",
    role: "monitoring",
    kind: "stateful",
    ...catalogue("prometheus"),
    command: [
      "--config.file=/etc/prometheus/prometheus.yml",
      "--storage.tsdb.path=/prometheus",
      `--storage.tsdb.retention.time=${ctx.settings.monitoring.retention}`,
    ],
    networks: ["frontend", "backend"],
    renderFiles: (services) => {
      const options = monitoringOptions(ctx, services);
      const all = services.map(monitored);
      return [
        { path: "/etc/prometheus/prometheus.yml", content: renderPrometheus(all, options) },
        { path: "/etc/prometheus/rules/ragdock.yml", content: renderRules(all, options) },
      ];
    },
    volumes: [{ volume: "prometheus-data", path: "/prometheus" }],
    endpoint: { container: 9090, host: 9090, exposure: ctx.prod ? "none" : "loopback" },
    healthcheck: Healthcheck.http("/-/healthy", 9090),
    metrics: { port: 9090, path: "/metrics" },
    limits: ctx.prod ? { cpus: 1, memory: "1GiB" } : { cpus: 0.5, memory: "256MiB" },
    stopGracePeriod: "1m",
  };
}

/** Alertmanager: groups alerts and sends them on. */
export function alertmanager(ctx: Context): ServiceTemplate<LongRunning> {
  return {
    ...common,
    name: "alertmanager",
    role: "monitoring",
    kind: "stateful",
    ...catalogue("alertmanager"),
    command: [
      "--config.file=/etc/alertmanager/alertmanager.yml",
      "--storage.path=/alertmanager",
      "--cluster.listen-address=",
    ],
    networks: ["frontend", "backend"],
    renderFiles: (services) => [
      {
        path: "/etc/alertmanager/alertmanager.yml",
        content: renderAlertmanager(services.map(monitored), monitoringOptions(ctx, services)),
      },
    ],
    volumes: [{ volume: "alertmanager-data", path: "/alertmanager" }],
    endpoint: { container: 9093, host: 9093, exposure: ctx.prod ? "none" : "loopback" },
    healthcheck: Healthcheck.http("/-/healthy", 9093),
    metrics: { port: 9093, path: "/metrics" },
    limits: { cpus: 0.25, memory: "64MiB" },
  };
}

/** Grafana with the dashboards of monitoring/. */
export function grafana(ctx: Context): ServiceTemplate<LongRunning> {
  return {
    ...common,
    name: "grafana",
    role: "monitoring",
    kind: "stateful",
    ...catalogue("grafana"),
    networks: ["frontend", "backend"],
    environment: {
      GF_SECURITY_ADMIN_PASSWORD__FILE: "/run/secrets/grafana-password",
      GF_ANALYTICS_REPORTING_ENABLED: "false",
      GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
      GF_USERS_ALLOW_SIGN_UP: "false",
      // Downloads at the first start otherwise.
      GF_PLUGINS_PREINSTALL_DISABLED: "true",
    },
    files: [secretFile("grafana-password")],
    renderFiles: (services) => {
      const options = monitoringOptions(ctx, services);
      const files = {
        ...renderGrafanaProvisioning(options),
        ...Object.fromEntries(
          Object.entries(renderDashboards(services.map(monitored), options)).map(([name, json]) => [
            `/etc/grafana/dashboards/${name}`,
            json,
          ]),
        ),
      };
      return Object.entries(files).map(([path, content]) => ({ path, content }));
    },
    volumes: [{ volume: "grafana-data", path: "/var/lib/grafana" }],
    endpoint: { container: 3000, host: 3000, exposure: ctx.prod ? "none" : "loopback" },
    healthcheck: Healthcheck.http("/api/health", 3000, { startPeriod: "2m" }),
    metrics: { port: 3000, path: "/metrics" },
    limits: { cpus: 0.5, memory: "512MiB" },
    dependsOn: ["prometheus"],
  };
}

/**
 * The least that watches a system: metrics and rules, alerts, and questions from outside each container.
 * Its ports are not published unless `services.prometheus.exposure` says so.
 */
export function watched(ctx: Context): ServiceTemplate[] {
  const unpublished = (draft: LongRunning): ServiceTemplate =>
    draft.endpoint ? { ...draft, endpoint: { ...draft.endpoint, exposure: "none" } } : draft;
  return [unpublished(prometheus(ctx)), unpublished(alertmanager(ctx)), blackboxExporter()];
}

/** What every exporter is. */
const exporter = {
  ...common,
  role: "exporter",
  kind: "stateless",
  networks: ["backend"],
  limits: { cpus: 0.25, memory: "64MiB" },
} as const;

/** The host's own metrics. */
export const nodeExporter = (): LongRunning => ({
  ...exporter,
  name: "node-exporter",
  ...catalogue("node-exporter"),
  // Below it `make backup` and `make drill` say how they went.
  command: ["--path.rootfs=/host", "--collector.textfile.directory=/etc/node-exporter/metrics"],
  files: [{ path: "/etc/node-exporter/metrics/backup.prom", content: "# No backup yet.\n" }],
  mounts: [{ source: "/", target: "/host", readOnly: true }],
  healthcheck: Healthcheck.http("/", 9100, { startPeriod: "10s" }),
  metrics: { port: 9100, path: "/metrics" },
});

/** PostgreSQL's metrics. @param host the database's service */
export const postgresExporter = (ctx: Context, host: string): LongRunning => ({
  ...exporter,
  name: "postgres-exporter",
  ...catalogue("postgres-exporter"),
  environment: {
    DATA_SOURCE_URI: `${host}:${database.port}/${database.name}?sslmode=disable`,
    DATA_SOURCE_USER: userOf(ctx, "postgres"),
    DATA_SOURCE_PASS_FILE: "/run/secrets/postgres-password",
  },
  files: [secretFile("postgres-password")],
  healthcheck: Healthcheck.http("/", 9187, { startPeriod: "10s" }),
  metrics: { port: 9187, path: "/metrics" },
  dependsOn: [host],
  databaseConnections: 2,
});

/** Redis' metrics. */
export const redisExporter = (ctx: Context): LongRunning => ({
  ...exporter,
  name: "redis-exporter",
  ...catalogue("redis-exporter"),
  environment: {
    REDIS_ADDR: "redis://redis:6379",
    REDIS_USER: userOf(ctx, "redis"),
    REDIS_PASSWORD_FILE: "/run/secrets/redis-passwords.json",
  },
  files: [
    {
      path: "/run/secrets/redis-passwords.json",
      content: `{"redis://${userOf(ctx, "redis")}@redis:6379": "${secret("redis-password")}"}`,
    },
  ],
  healthcheck: Healthcheck.http("/health", 9121, { startPeriod: "10s" }),
  metrics: { port: 9121, path: "/metrics" },
  dependsOn: ["redis"],
});

/** Asks every service from outside its container. */
export const blackboxExporter = (): LongRunning => ({
  ...exporter,
  name: "blackbox-exporter",
  ...catalogue("blackbox-exporter"),
  command: ["--config.file=/etc/blackbox_exporter/config.yml"],
  networks: ["frontend", "backend"],
  files: [{ path: "/etc/blackbox_exporter/config.yml", content: renderBlackbox() }],
  healthcheck: Healthcheck.http("/-/healthy", 9115, { startPeriod: "10s" }),
  metrics: { port: 9115, path: "/metrics" },
});

/** Memory, CPU and restarts of every container. */
export const cadvisor = (): LongRunning => ({
  ...exporter,
  name: "cadvisor",
  ...catalogue("cadvisor"),
  command: ["--docker_only=true", "--housekeeping_interval=15s"],
  mounts: [
    { source: "/", target: "/rootfs", readOnly: true },
    { source: "/var/run", target: "/var/run", readOnly: true },
    { source: "/sys", target: "/sys", readOnly: true },
    { source: "/var/lib/docker", target: "/var/lib/docker", readOnly: true },
  ],
  healthcheck: Healthcheck.http("/healthz", 8080),
  metrics: { port: 8080, path: "/metrics" },
  limits: { cpus: 0.5, memory: "256MiB" },
});
