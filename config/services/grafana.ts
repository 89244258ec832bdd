import { renderDashboards, renderGrafanaProvisioning } from "../../monitoring/index.ts";
import { Healthcheck, wget } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import type { FileSpec } from "../spec/service.ts";
import type { ServiceModule } from "./module.ts";
import {
  consolePath,
  type MonitoringServiceOptions,
  monitoringOptions,
  monitoringService,
} from "./monitoring.ts";
import { generated, secretFile, secretPath } from "./secrets.ts";

const image = {
  name: "grafana",
  reference: "grafana/grafana:13.1.3",
  user: "472:0",
  port: 3000,
  dataPath: "/var/lib/grafana",
  configPath: "/etc/grafana/grafana.ini",
  healthcheck: wget(3000, "/api/health"),
  metrics: { port: 3000, path: "/metrics" },
  official: {
    sources: ["grafana/grafana@78515af:Dockerfile", "grafana/grafana@0775453:packaging/docker/run.sh"],
    base: "alpine",
    programs: ["bash", "curl", "grafana"],
    entrypoint: ["/run.sh"],
    volumes: [],
  },
  standIn: {
    unavailable:
      "Debian has no package of Grafana. Prometheus' own Graph and Alerts pages show the same metrics and alerts, " +
      "and `make status` shows the services.",
  },
} as const satisfies CatalogueImage;

const filesOf = (texts: Readonly<Record<string, string>>, folder = ""): FileSpec[] =>
  Object.entries(texts).map(([name, content]) => ({ path: `${folder}${name}`, content }));

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
        ...(ctx.settings.ingress.signIn
          ? { GF_SERVER_ROOT_URL: `%(protocol)s://%(domain)s${consolePath(image.name)}` }
          : {}),
      },
      files: [secretFile(password)],
      healthcheck: Healthcheck.command(image.healthcheck, { startPeriod: "2m" }),
      limits: { cpus: 0.5, memory: "512MiB" },
      dependsOn: ["prometheus"],
      deriveFiles: (_, services) => [
        ...filesOf(renderGrafanaProvisioning(services, monitoringOptions(ctx))),
        ...filesOf(renderDashboards(services), "/etc/grafana/dashboards/"),
      ],
    };
  });
