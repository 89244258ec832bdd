import { renderBlackbox } from "../../monitoring/index.ts";
import { wget } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import { exporter, nobody, prometheusBase } from "./monitoring.ts";

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

/** Checks every service from outside its container. */
export const blackboxExporter = exporter(image, () => ({
  command: [`--config.file=${image.configPath}`],
  networks: ["frontend", "backend"],
  files: [{ path: image.configPath, content: renderBlackbox() }],
}));
