import { content } from "../spec/content.ts";
import { bashHttp, Healthcheck } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import type { Context } from "./module.ts";
import { blackboxRow } from "./monitoring.ts";
import { neededStore } from "./needed-store.ts";
import { generated } from "./secrets.ts";

/**
 * It runs as root without capabilities: the image has no folder for its data, so Docker creates the
 * volume for root.
 */
const image = {
  name: "qdrant",
  reference: "qdrant/qdrant:v1.19.0",
  user: "0:0",
  port: 6333,
  dataPath: "/qdrant/storage",
  configPath: "/qdrant/config/local.yaml",
  // 200 once all shards are ready. This path and /healthz need no key.
  healthcheck: bashHttp(6333, "/readyz"),
  official: {
    sources: [
      "qdrant/qdrant@74f3e85:Dockerfile",
      "qdrant/qdrant@74f3e85:src/settings.rs",
      "qdrant/qdrant@74f3e85:src/actix/mod.rs",
    ],
    base: "debian",
    volumes: [],
  },
  standIn: { unavailable: "Debian and PyPI have no package of Qdrant's server." },
} as const satisfies CatalogueImage;

const apiKey = (ctx: Context) => generated(ctx, "qdrant-api-key", image.name);

/** Qdrant: vectors. Its metrics need the key, which Prometheus cannot send in this header. */
export const qdrant = neededStore(
  image,
  "Qdrant",
  (ctx) => [apiKey(ctx)],
  (ctx) => ({
    environment: { QDRANT__TELEMETRY_DISABLED: "true" },
    files: [{ path: image.configPath, content: content`service:\n  api_key: "${apiKey(ctx)}"\n` }],
    healthcheck: Healthcheck.command(image.healthcheck, { startPeriod: "1m" }),
    blackbox: { module: "http_2xx", port: image.port, path: "/readyz" },
    limits: ctx.prod ? { cpus: 2, memory: "2GiB" } : { cpus: 1, memory: "512MiB" },
    rows: [blackboxRow("stores", "Qdrant", image.name, "Readiness")],
  }),
);
