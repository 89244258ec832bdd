import { renderPrometheus, renderRules } from "../../monitoring/index.ts";
import { Healthcheck } from "../spec/healthcheck.ts";
import { type CatalogueImage, catalogueImage } from "../spec/image.ts";
import { type Alert, lines, type Row } from "../spec/monitoring.ts";
import { nobody, wget } from "./health-commands.ts";
import { type Context, type ServiceModule, serviceDefaults } from "./module.ts";
import { devPort } from "./store.ts";

const image = {
  name: "prometheus",
  reference: "prom/prometheus:v3.5.0",
  user: nobody,
  port: 9090,
  dataPath: "/prometheus",
  configPath: "/etc/prometheus/prometheus.yml",
  healthcheck: wget(9090, "/-/healthy"),
  metrics: { port: 9090, path: "/metrics" },
  standIn: { folder: "dockerfiles/prometheus" },
} as const satisfies CatalogueImage;

/** How a system runs a monitoring service. */
export interface MonitoringServiceOptions {
  readonly volume?: string;
  /** Whether dev publishes its port on loopback. `services.<name>.exposure` says otherwise. @default true */
  readonly publish?: boolean;
}

/** What the monitoring's files say about the stack. */
export const monitoringOptions = ({ project, stack, prod, settings }: Context) => ({
  project,
  stack,
  prod,
  scrapeInterval: settings.monitoring.scrapeInterval,
  ...(settings.monitoring.alertWebhook ? { alertWebhookUrl: settings.monitoring.alertWebhook } : {}),
});

/** Prometheus scrapes every service that has metrics, and checks the others through the blackbox exporter. */
export const prometheus = ({
  volume = "prometheus-data",
  publish = true,
}: MonitoringServiceOptions = {}): ServiceModule => ({
  images: [image],
  services: (ctx) => [
    {
      ...serviceDefaults,
      name: "prometheus",
      role: "monitoring",
      kind: "stateful",
      ...catalogueImage(image),
      command: [
        `--config.file=${image.configPath}`,
        `--storage.tsdb.path=${image.dataPath}`,
        `--storage.tsdb.retention.time=${ctx.settings.monitoring.retention}`,
      ],
      networks: ["frontend", "backend"],
      volumes: [{ volume, path: image.dataPath }],
      ports: [devPort(ctx, image.port, publish ? image.port : undefined)],
      healthcheck: Healthcheck.http("/-/healthy", image.port),
      metrics: image.metrics,
      limits: ctx.prod ? { cpus: 1, memory: "1GiB" } : { cpus: 0.5, memory: "256MiB" },
      stopGracePeriod: "1m",
      alerts,
      rows: [row],
      datasource: {
        name: "Prometheus",
        type: "prometheus",
        uid: "prometheus",
        url: `http://prometheus:${image.port}`,
        isDefault: true,
      },
      derive: (self, services) => ({
        files: [
          ...self.files,
          { path: image.configPath, content: renderPrometheus(services, monitoringOptions(ctx)) },
          { path: "/etc/prometheus/rules/ragdock.yml", content: renderRules(services) },
        ],
      }),
    },
  ],
});

const alerts: readonly Alert[] = [
  {
    name: "PrometheusRuleFailures",
    severity: "warning",
    expr: "sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[5m])) > 0",
    summary: "Rules cannot be evaluated",
    description: "Rules of {{ $labels.rule_group }} failed within five minutes: their alerts cannot fire.",
    runbook: "Prometheus' Rules page shows the error. The usual cause is two series where one is expected.",
  },
  {
    name: "Watchdog",
    severity: "none",
    expr: "vector(1)",
    summary: "Alerting works",
    description:
      "Fires all the time. If it stops arriving, alerts no longer get from Prometheus to their receiver.",
    runbook: "Nothing to do. A dead man's switch that expects it regularly reports when it is missing.",
  },
];

const row: Row = {
  board: "host",
  title: "Monitoring itself",
  panels: [
    lines("Series", [{ expr: "sum(prometheus_tsdb_head_series)", legend: "series" }]),
    lines("Stored", [{ expr: "sum(prometheus_tsdb_storage_blocks_bytes)", legend: "blocks" }], {
      unit: "bytes",
    }),
    lines("Slowest scrapes", [{ expr: "topk(5, scrape_duration_seconds)", legend: "{{service}}" }], {
      unit: "s",
    }),
  ],
};
