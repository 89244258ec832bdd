import { isChecked, renderBlackbox } from "../../monitoring/index.ts";
import { wget } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import { exporter, listensToMonitoring, nobody, prometheusBase } from "./monitoring.ts";

const image = {
  name: "blackbox-exporter",
  reference: "prom/blackbox-exporter:v0.28.0",
  // The official image starts as root. Only ICMP checks need root.
  user: nobody,
  port: 9115,
  configPath: "/etc/blackbox_exporter/config.yml",
  healthcheck: wget(9115, "/-/healthy"),
  metrics: { port: 9115, path: "/metrics" },
  official: {
    sources: ["prometheus/blackbox_exporter@v0.28.0:Dockerfile", prometheusBase],
    base: "busybox",
    entrypoint: ["/bin/blackbox_exporter"],
    startsAs: "root",
  },
  standIn: { folder: "dockerfiles/blackbox-exporter" },
} as const satisfies CatalogueImage;

/** Checks services from outside their containers. */
export const blackboxExporter = exporter(image, (ctx) => ({
  ...listensToMonitoring(ctx, image, "/-/healthy"),
  command: [`--config.file=${image.configPath}`],
  deriveCalls: (_, services) => services.filter(isChecked).map(({ name }) => name),
  files: [{ path: image.configPath, content: renderBlackbox() }],
}));
