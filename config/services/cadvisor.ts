import { Healthcheck, wget } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import { lines, type Row } from "../spec/monitoring.ts";
import { orZero } from "../spec/promql.ts";
import { exporter } from "./monitoring.ts";

const image = {
  name: "cadvisor",
  reference: "gcr.io/cadvisor/cadvisor:v0.52.1",
  user: "0:0",
  port: 8080,
  healthcheck: wget(8080, "/healthz"),
  metrics: { port: 8080, path: "/metrics" },
  standIn: {
    unavailable:
      "Debian has no package of cAdvisor. Memory and CPU come from the services' own process metrics and from " +
      "node-exporter, restarts and limits of containers from `make status`.",
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
    lines("Starts in an hour", {
      "{{service}}": orZero("sum by (service) (changes(container_start_time_seconds[1h]))"),
    }),
  ],
};

/** Memory, CPU and restarts of every container. */
export const cadvisor = exporter(image, () => ({
  command: ["--docker_only=true", "--housekeeping_interval=15s"],
  mounts: [
    { source: "/", target: "/rootfs", readOnly: true },
    { source: "/var/run", target: "/var/run", readOnly: true },
    { source: "/sys", target: "/sys", readOnly: true },
    { source: "/var/lib/docker", target: "/var/lib/docker", readOnly: true },
  ],
  healthcheck: Healthcheck.command(image.healthcheck),
  limits: { cpus: 0.5, memory: "256MiB" },
  rows: [row],
}));
