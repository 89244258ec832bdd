import { renderAlertmanager } from "../../monitoring/index.ts";
import { wget } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import type { Alert } from "../spec/monitoring.ts";
import type { ServiceModule } from "./module.ts";
import {
  behindSignIn,
  type MonitoringServiceOptions,
  monitoringOptions,
  monitoringService,
  nobody,
  prometheusBase,
} from "./monitoring.ts";
import { fromUser, secretFile, secretPath } from "./secrets.ts";

const image = {
  name: "alertmanager",
  reference: "prom/alertmanager:v0.34.0",
  user: nobody,
  port: 9093,
  dataPath: "/alertmanager",
  configPath: "/etc/alertmanager/alertmanager.yml",
  healthcheck: wget(9093, "/-/healthy"),
  metrics: { port: 9093, path: "/metrics" },
  official: {
    sources: ["prometheus/alertmanager@v0.34.0:Dockerfile", prometheusBase],
    base: "busybox",
    entrypoint: ["/bin/alertmanager"],
  },
  standIn: { folder: "dockerfiles/alertmanager" },
} as const satisfies CatalogueImage;

const undelivered: Alert = {
  name: "AlertsNotDelivered",
  severity: "warning",
  expr: "sum(increase(alertmanager_notifications_failed_total[15m])) > 0",
  summary: "Alertmanager could not deliver alerts",
  description: "{{ $value | humanize }} notifications failed within 15 minutes, so nobody received them.",
  runbook:
    "Read `make logs SERVICE=alertmanager`. Check the address of the webhook. Check that the container can reach it.",
};

const webhook = fromUser("alertWebhook");

export const alertmanager = (options: MonitoringServiceOptions = {}): ServiceModule =>
  monitoringService(image, options, (ctx) => {
    const { alertWebhook: url } = ctx.settings.monitoring;
    const isSecret = ctx.secrets.has("alertWebhook");
    const open = url === undefined ? {} : { alertWebhook: { url } };
    const alertWebhook = isSecret ? { alertWebhook: { url_file: secretPath(webhook) } } : open;
    return {
      command: [
        `--config.file=${image.configPath}`,
        `--storage.path=${image.dataPath}`,
        "--cluster.listen-address=",
        ...behindSignIn(ctx, image.name),
      ],
      files: isSecret ? [secretFile(webhook)] : [],
      outside: isSecret || url !== undefined,
      limits: { cpus: 0.25, memory: "64MiB" },
      alerts: [undelivered],
      deriveFiles: (_, services) => [
        {
          path: image.configPath,
          content: renderAlertmanager(services, { ...monitoringOptions(ctx), ...alertWebhook }),
        },
      ],
    };
  });
