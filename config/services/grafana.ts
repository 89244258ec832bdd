import { renderDashboards, renderGrafanaProvisioning } from "../../monitoring/index.ts";
import { Healthcheck, wget } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import type { ServiceModule } from "./module.ts";
import { type MonitoringServiceOptions, monitoringOptions, monitoringService } from "./monitoring.ts";
import { generated, secretFile, secretPath } from "./secrets.ts";

const image = {
  name: "grafana",
  reference: "grafana/grafana:12.1.1",
  user: "472:0",
  port: 3000,
  dataPath: "/var/lib/grafana",
  configPath: "/etc/grafana/grafana.ini",
  healthcheck: wget(3000, "/api/health"),
  metrics: { port: 3000, path: "/metrics" },
  standIn: {
    unavailable:
      "Debian has no package of Grafana. Prometheus' own Graph and Alerts pages show the same metrics and alerts, " +
      "and `make status` shows the services.",
  },
} as const satisfies CatalogueImage;

export const grafana = (options: MonitoringServiceOptions = {}): ServiceModule =>
  monitoringService(image, options, (ctx) => {
    const password = generated(ctx, "grafana-password", "grafana");
    return {
      environment: {
        GF_SECURITY_ADMIN_PASSWORD__FILE: secretPath(password),
        GF_ANALYTICS_REPORTING_ENABLED: "false",
        GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
        GF_USERS_ALLOW_SIGN_UP: "false",
        // Without it Grafana downloads plugins at its first start.
        GF_PLUGINS_PREINSTALL_DISABLED: "true",
      },
      files: [secretFile(password)],
      healthcheck: Healthcheck.command(image.healthcheck, { startPeriod: "2m" }),
      limits: { cpus: 0.5, memory: "512MiB" },
      dependsOn: ["prometheus"],
      derive: (self, services) => {
        const dashboards = Object.entries(renderDashboards(services)).map(
          ([name, json]) => [`/etc/grafana/dashboards/${name}`, json] as const,
        );
        const provisioning = renderGrafanaProvisioning(services, monitoringOptions(ctx));
        const all = [...Object.entries(provisioning), ...dashboards];
        return { files: [...self.files, ...all.map(([path, content]) => ({ path, content }))] };
      },
    };
  });
