import { wget } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import { lines, type Row, stat } from "../spec/monitoring.ts";
import { orZero } from "../spec/promql.ts";
import type { ServiceModule } from "./module.ts";
import { exporter, listensToMonitoring } from "./monitoring.ts";
import { statusPort } from "./nginx.ts";

const image = {
  name: "nginx-exporter",
  reference: "nginx/nginx-prometheus-exporter:1.5.3",
  user: "1001:1001",
  port: 9113,
  // The official image is built FROM scratch and holds the exporter alone: no shell and no wget.
  wrapped: { dockerfile: "dockerfiles/nginx-exporter/wrapped.Dockerfile", base: "busybox:1.37.0" },
  healthcheck: wget(9113, "/metrics"),
  metrics: { port: 9113, path: "/metrics" },
  official: {
    sources: ["nginx/nginx-prometheus-exporter@v1.5.3:build/Dockerfile"],
    base: "scratch",
    entrypoint: ["/usr/bin/nginx-prometheus-exporter"],
    ports: [],
  },
  standIn: { folder: "dockerfiles/nginx-exporter" },
} as const satisfies CatalogueImage;

const row: Row = {
  board: "stores",
  title: "Ingress",
  panels: [
    stat("Up", orZero("min(nginx_up)"), { redBelow: 1 }),
    lines(
      "Requests",
      { requests: orZero("sum(rate(nginx_http_requests_total[5m]))") },
      { unit: "reqps", width: 10 },
    ),
    lines(
      "Connections",
      { active: orZero("sum(nginx_connections_active)"), idle: orZero("sum(nginx_connections_waiting)") },
      { width: 10 },
    ),
  ],
};

/**
 * Reports the counters of the ingress as Prometheus metrics. On one engine the ingress has one
 * container, and all requests of clients pass through it.
 */
export const nginxExporter: ServiceModule = exporter(image, (ctx) => ({
  // A request to /metrics makes the exporter ask nginx. The metric nginx_up shows whether nginx
  // answers. The exporter's health does not.
  ...listensToMonitoring(ctx, image, "/"),
  tmpfs: ["/tmp"],
  calls: ["ingress"],
  command: [`--nginx.scrape-uri=http://ingress:${statusPort}/nginx_status`],
  omit: (_, services) => {
    if (!services.some(({ role }) => role === "ingress")) return "there is no ingress";
    // The name of the ingress leads to the container of any node, and each has its own counters.
    return ctx.settings.target === "swarm"
      ? "on a Swarm the ingress has a container on each node, and the exporter can ask one only"
      : undefined;
  },
  rows: [row],
}));
