import { isScraped, renderPrometheus, renderRules } from "../../monitoring/index.ts";
import { wget } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import { type Alert, lines, type Row } from "../spec/monitoring.ts";
import type { ServiceModule } from "./module.ts";
import {
  behindSignIn,
  type MonitoringServiceOptions,
  monitoringOptions,
  monitoringService,
  nobody,
  prometheusBase,
} from "./monitoring.ts";

const image = {
  name: "prometheus",
  reference: "prom/prometheus:v3.13.2",
  user: nobody,
  port: 9090,
  dataPath: "/prometheus",
  configPath: "/etc/prometheus/prometheus.yml",
  healthcheck: wget(9090, "/-/healthy"),
  metrics: { port: 9090, path: "/metrics" },
  official: {
    sources: ["prometheus/prometheus@v3.13.2:Dockerfile", prometheusBase],
    base: "busybox",
    programs: ["promtool"],
    entrypoint: ["/bin/prometheus"],
  },
  standIn: { folder: "dockerfiles/prometheus" },
} as const satisfies CatalogueImage;

/**
 * Prometheus scrapes every service that has metrics, and checks the others through the blackbox
 * exporter.
 */
export const prometheus = (options: MonitoringServiceOptions = {}): ServiceModule =>
  monitoringService(image, options, (ctx) => ({
    command: [
      `--config.file=${image.configPath}`,
      `--storage.tsdb.path=${image.dataPath}`,
      `--storage.tsdb.retention.time=${ctx.settings.monitoring.retention}`,
      // Pages of other sites must not read the metrics. By default they can. This expression matches
      // no origin.
      "--web.cors.origin=none",
      ...behindSignIn(ctx, image.name),
    ],
    limits: ctx.prod ? { cpus: 1, memory: "1GiB" } : { cpus: 0.5, memory: "256MiB" },
    stopGracePeriod: "1m",
    alerts,
    rows: [row],
    deriveCalls: (_, services) => [
      ...services.filter(isScraped).map(({ name }) => name),
      "alertmanager",
      "blackbox-exporter",
    ],
    datasource: {
      name: "Prometheus",
      type: "prometheus",
      uid: "prometheus",
      url: `http://prometheus:${image.port}`,
      isDefault: true,
    },
    deriveFiles: (_, services) => [
      { path: image.configPath, content: renderPrometheus(services, monitoringOptions(ctx)) },
      { path: "/etc/prometheus/rules/ragdock.yml", content: renderRules(services) },
    ],
  }));

const alerts: readonly Alert[] = [
  {
    name: "PrometheusRuleFailures",
    severity: "warning",
    expr: "sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[5m])) > 0",
    summary: "Rules cannot be evaluated",
    description: "Rules of {{ $labels.rule_group }} failed within five minutes: their alerts cannot fire.",
    runbook:
      "Prometheus' Rules page shows the error. The usual cause is that a query finds two series where a rule expects one.",
  },
  {
    name: "Watchdog",
    severity: "none",
    expr: "vector(1)",
    summary: "Alerting works",
    description:
      "This alert fires all the time. If it stops arriving, alerts no longer reach their receiver.",
    runbook: "Nothing to do. A dead man's switch that expects this alert reports when it is missing.",
  },
];

const row: Row = {
  board: "host",
  title: "Monitoring itself",
  panels: [
    lines("Series", { series: "sum(prometheus_tsdb_head_series)" }),
    lines("Stored", { blocks: "sum(prometheus_tsdb_storage_blocks_bytes)" }, { unit: "bytes" }),
    lines("Slowest scrapes", { "{{service}}": "topk(5, scrape_duration_seconds)" }, { unit: "s" }),
  ],
};
