import { renderDashboards, renderGrafanaProvisioning } from "../../monitoring/index.ts";
import { Healthcheck } from "../spec/healthcheck.ts";
import { type CatalogueImage, catalogueImage } from "../spec/image.ts";
import { wget } from "./health-commands.ts";
import { type ServiceModule, serviceDefaults } from "./module.ts";
import { type MonitoringServiceOptions, monitoringOptions } from "./prometheus.ts";
import { generated, secretFile, secretPath } from "./secrets.ts";
import { devPort } from "./store.ts";

const image = {
  name: "grafana",
  reference: "grafana/grafana:12.1.1",
  user: "472:0",
  port: 3000,
  dataPath: "/var/lib/grafana",
  configPath: "/etc/grafana/grafana.ini",
  healthcheck: wget(3000, "/api/health"),
  secretFiles: ["GF_SECURITY_ADMIN_PASSWORD__FILE"],
  metrics: { port: 3000, path: "/metrics" },
  standIn: {
    unavailable:
      "Debian has no package of Grafana. Prometheus' own Graph and Alerts pages show the same metrics and alerts, " +
      "and `make status` shows the services.",
  },
} as const satisfies CatalogueImage;

/** Grafana with the dashboards of the stack's services. */
export const grafana = ({ volume = "grafana-data" }: MonitoringServiceOptions = {}): ServiceModule => ({
  images: [image],
  services: (ctx) => {
    const password = generated(ctx, "grafana-password", "grafana");
    return [
      {
        ...serviceDefaults,
        name: "grafana",
        role: "monitoring",
        kind: "stateful",
        ...catalogueImage(image),
        networks: ["frontend", "backend"],
        environment: {
          GF_SECURITY_ADMIN_PASSWORD__FILE: secretPath(password),
          GF_ANALYTICS_REPORTING_ENABLED: "false",
          GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
          GF_USERS_ALLOW_SIGN_UP: "false",
          // Without it Grafana downloads plugins at its first start.
          GF_PLUGINS_PREINSTALL_DISABLED: "true",
        },
        files: [secretFile(password)],
        volumes: [{ volume, path: image.dataPath }],
        ports: [devPort(ctx, image.port, image.port)],
        healthcheck: Healthcheck.http("/api/health", image.port, { startPeriod: "2m" }),
        metrics: image.metrics,
        limits: { cpus: 0.5, memory: "512MiB" },
        dependsOn: ["prometheus"],
        derive: (self, services) => {
          const options = monitoringOptions(ctx);
          const dashboards = Object.entries(renderDashboards(services)).map(
            ([name, json]) => [`/etc/grafana/dashboards/${name}`, json] as const,
          );
          const all = [...Object.entries(renderGrafanaProvisioning(services, options)), ...dashboards];
          return { files: [...self.files, ...all.map(([path, content]) => ({ path, content }))] };
        },
      },
    ];
  },
});
