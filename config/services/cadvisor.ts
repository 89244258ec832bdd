import { Healthcheck, wget } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import { setCommand } from "../spec/message.ts";
import { type Alert, lines, type Row } from "../spec/monitoring.ts";
import { orZero } from "../spec/promql.ts";
import { exporter } from "./monitoring.ts";
import { projectFile } from "./project-files.ts";
import { startScript } from "./store.ts";

const image = {
  name: "cadvisor",
  reference: "ghcr.io/google/cadvisor:v0.60.5",
  user: "0:0",
  port: 8080,
  healthcheck: wget(8080, "/healthz"),
  metrics: { port: 8080, path: "/metrics" },
  official: {
    sources: ["google/cadvisor@v0.60.5:deploy/Dockerfile", "google/cadvisor@v0.60.5:deploy/entrypoint.sh"],
    base: "alpine",
    programs: ["cadvisor"],
    entrypoint: ["/usr/bin/entrypoint.sh"],
  },
  standIn: {
    unavailable:
      "Debian has no package of cAdvisor. The services' own process metrics and node-exporter show memory and " +
      "CPU. `make status` shows restarts and limits of containers.",
  },
} as const satisfies CatalogueImage;

const row: Row = {
  board: "host",
  title: "Containers",
  panels: [
    lines(
      "Memory",
      { "{{service}}": "sum by (service) (container_memory_working_set_bytes)" },
      { unit: "bytes" },
    ),
    lines("CPU", { "{{service}}": "sum by (service) (rate(container_cpu_usage_seconds_total[5m]))" }),
    lines("Starts in the last hour", {
      "{{service}}": orZero("sum by (service) (changes(container_start_time_seconds[1h]))"),
    }),
  ],
};

/**
 * cAdvisor is healthy even if it cannot read any container. This happens if it cannot reach
 * containerd, or if Docker stores images in a way that it does not know.
 */
const noSeries: Alert = {
  name: "ContainerMetricsMissing",
  severity: "warning",
  expr: 'absent(container_memory_working_set_bytes{name!=""})',
  holds: "10m",
  summary: "Metrics of containers are missing",
  description: "Dashboards and alerts on memory and restarts of containers have no data.",
  runbook:
    "Read `make logs SERVICE=cadvisor`. cAdvisor needs Docker's socket in /var/run. With the containerd image store it also " +
    "needs containerd's socket, in /var/run/docker/containerd or in /var/run/containerd. It must know this version of Docker: run " +
    "a newer one with `ragdock:pinned: { cadvisor: ghcr.io/google/cadvisor:<version> }`.",
};

/**
 * cAdvisor: memory, CPU and restarts of every container. Without Docker's socket it does not know
 * which container belongs to which service. A program that controls the socket controls the host,
 * so cAdvisor runs in `prod` only on request.
 */
export const cadvisor = exporter(image, (ctx) => ({
  omit: () =>
    ctx.prod && ctx.settings.services[image.name]?.enabled !== true
      ? `it reads Docker's socket as root, so prod runs it only on request: ${setCommand(`services.${image.name}.enabled`, "true")}`
      : undefined,
  // It runs as root, and measures files of other users.
  capabilities: ["DAC_READ_SEARCH"],
  entrypoint: ["sh", startScript],
  files: [projectFile("config/services/files/cadvisor-start.sh", startScript)],
  command: ["--docker_only=true", "--housekeeping_interval=15s"],
  mounts: [
    // This includes Docker's data, whose folder depends on the installation.
    { source: "/", target: "/rootfs", readOnly: true },
    // The sockets of Docker and of containerd.
    { source: "/var/run", target: "/var/run", readOnly: true },
    { source: "/sys", target: "/sys", readOnly: true },
  ],
  healthcheck: Healthcheck.command(image.healthcheck),
  limits: { cpus: 0.5, memory: "256MiB" },
  alerts: [noSeries],
  rows: [row],
}));
