import { bashHttp, Healthcheck } from "../spec/healthcheck.ts";
import { type CatalogueImage, catalogueImage } from "../spec/image.ts";
import type { LongRunning } from "../spec/service.ts";
import { checkJob } from "./external.ts";
import { type Context, type ServiceModule, serviceDefaults } from "./module.ts";
import { blackboxRow } from "./monitoring.ts";
import { pythonCatalogueImage } from "./python.ts";
import { devPort, type StoreOptions } from "./store.ts";

/**
 * Chroma's server has no authentication since version 1.0 (chroma-core/chroma#4965): only its
 * network limits who uses it. It runs as root without capabilities. The official image has no folder
 * for its data, so Docker creates the volume for root, and no other user could write to it.
 */
const image = {
  name: "chroma",
  reference: "chromadb/chroma:1.5.9",
  user: "0:0",
  port: 8000,
  dataPath: "/data",
  configPath: "/config.yaml",
  healthcheck: bashHttp(8000, "/api/v2/heartbeat"),
  official: {
    sources: ["chroma-core/chroma@1.5.9:rust/Dockerfile"],
    base: "debian",
    programs: ["chroma"],
    entrypoint: ["dumb-init", "--", "chroma"],
    volumes: [],
  },
  standIn: { folder: "dockerfiles/chroma", base: pythonCatalogueImage, entrypoint: ["chroma"] },
} as const satisfies CatalogueImage;

interface ChromaOptions extends StoreOptions {
  readonly limits?: LongRunning["limits"];
  /** More names by which other services reach it. @default none */
  readonly aliases?: readonly string[];
  /** @default where the setting `vectorStore` is chroma */
  readonly optIn?: (ctx: Context) => boolean;
}

/** The address of Chroma. @param name of its service, if the stack runs it */
export function chromaAddress({ settings }: Context, name = "chroma") {
  const { host, port, tls } = settings.chroma.external ?? { host: name, port: image.port, tls: "disable" };
  const scheme = tls === "disable" ? "http" : "https";
  return { host, port, isEncrypted: tls !== "disable", url: `${scheme}://${host}:${port}` };
}

/** The job in place of a server that is outside of the stack. */
function check(ctx: Context, name: string) {
  const { host, port, isEncrypted } = chromaAddress(ctx, name);
  const blackbox = { module: "http_2xx", port, path: "/api/v2/heartbeat" } as const;
  return checkJob(
    { name, role: "chroma", host, port, blackbox, ...(isEncrypted ? { https: true } : {}) },
    {
      image,
      shell: "bash",
      environment: {
        CHROMA_HOST: host,
        CHROMA_PORT: String(port),
        CHROMA_TLS: isEncrypted ? "verify-full" : "disable",
      },
    },
  );
}

/** Chroma's server, for vectors outside PostgreSQL. */
export const chroma = ({
  name = "chroma",
  volume = "chroma-data",
  devPort: port,
  limits,
  aliases = [],
  optIn = (ctx) => ctx.vectorStore === "chroma",
}: ChromaOptions = {}): ServiceModule => ({
  images: [image],
  optIn,
  services: (ctx) => [
    ctx.settings.chroma.external
      ? check(ctx, name)
      : {
          ...serviceDefaults,
          name,
          aliases,
          role: "chroma",
          kind: "stateful",
          ...catalogueImage(image),
          environment: { ANONYMIZED_TELEMETRY: "FALSE" },
          volumes: [{ volume, path: image.dataPath }],
          ports: [{ ...devPort(ctx, image.port, port), ...(port === undefined ? { host: 8001 } : {}) }],
          healthcheck: Healthcheck.command(image.healthcheck),
          blackbox: { module: "http_2xx", port: image.port, path: "/api/v2/heartbeat" },
          limits: limits ?? (ctx.prod ? { cpus: 1, memory: "1GiB" } : { cpus: 1, memory: "512MiB" }),
          stopGracePeriod: "1m",
          rows: [blackboxRow("stores", "Chroma", name, "Heartbeat")],
        },
  ],
});
