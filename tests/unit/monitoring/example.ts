import type { MonitoredService, MonitoringOptions } from "../../../monitoring/index.ts";

const MiB = 1024 * 1024;

/** A stack with everything monitoring knows of, small enough to read. */
export const services: readonly MonitoredService[] = [
  {
    name: "api",
    role: "api",
    kind: "stateless",
    metrics: { port: 8000, path: "/metrics", replicas: 2 },
    blackbox: { module: "http_2xx", target: "http://api:8000/api/health" },
    memoryLimitBytes: 512 * MiB,
  },
  {
    name: "worker",
    role: "worker",
    kind: "stateless",
    metrics: { port: 8001, path: "/metrics", replicas: 1 },
    memoryLimitBytes: 1024 * MiB,
  },
  { name: "migrations", role: "worker", kind: "job", memoryLimitBytes: 256 * MiB },
  {
    name: "ui",
    role: "ui",
    kind: "stateless",
    blackbox: { module: "http_2xx", target: "http://ui:8501/_stcore/health" },
  },
  {
    name: "postgres",
    role: "postgres",
    kind: "stateful",
    blackbox: { module: "tcp_connect", target: "postgres:5432" },
    memoryLimitBytes: 1024 * MiB,
  },
  {
    name: "redis",
    role: "redis",
    kind: "stateful",
    blackbox: { module: "tcp_connect", target: "redis:6379" },
    memoryLimitBytes: 128 * MiB,
  },
  {
    name: "chroma",
    role: "chroma",
    kind: "stateful",
    blackbox: { module: "http_2xx", target: "http://chroma:8000/api/v2/heartbeat" },
  },
  exporter("prometheus", 9090, "monitoring"),
  exporter("alertmanager", 9093, "monitoring"),
  exporter("node-exporter", 9100),
  exporter("postgres-exporter", 9187),
  exporter("redis-exporter", 9121),
  exporter("blackbox-exporter", 9115),
  exporter("nginx-exporter", 9113),
  exporter("cadvisor", 8080),
];

function exporter(
  name: string,
  port: number,
  role: "exporter" | "monitoring" = "exporter",
): MonitoredService {
  return { name, role, kind: "stateless", metrics: { port, path: "/metrics", replicas: 1 } };
}

/** The options that go with it. */
export const options: MonitoringOptions = {
  project: "ragdock",
  stack: "test",
  scrapeInterval: "15s",
  retention: "15d",
  containerMetrics: true,
  alertWebhookUrl: "http://hook.example/alerts",
  maxConnections: 100,
  grafana: true,
  prod: true,
};
