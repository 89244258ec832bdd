import { bashHttp, Healthcheck } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import { lines, type Row, stat } from "../spec/monitoring.ts";
import { orZero, perSecond } from "../spec/promql.ts";
import { clientLogin, clientUser, neededStore } from "./needed-store.ts";
import { secretFile, secretPath } from "./secrets.ts";

/**
 * The last release of which there is an image: later ones are source code only. It runs as root
 * without capabilities, because the image has no folder for its data and Docker creates the volume
 * for root. The image has neither `tar` nor `find`.
 */
const image = {
  name: "minio",
  reference: "minio/minio:RELEASE.2025-09-07T16-13-09Z",
  user: "0:0",
  port: 9000,
  dataPath: "/data",
  // 200 only if it can write.
  healthcheck: bashHttp(9000, "/minio/health/cluster"),
  official: {
    sources: [
      "minio/minio@7aac2a2:Dockerfile.release",
      "minio/minio@7aac2a2:dockerscripts/docker-entrypoint.sh",
      "minio/minio@7aac2a2:cmd/common-main.go",
    ],
    base: "ubi-micro",
    programs: ["curl", "mc", "minio"],
    entrypoint: ["/usr/bin/docker-entrypoint.sh"],
  },
  standIn: { unavailable: "Debian and PyPI have no package of MinIO." },
} as const satisfies CatalogueImage;

/** MinIO: files, by the API of Amazon S3. */
export const minio = neededStore(
  image,
  "MinIO",
  (ctx) => Object.values(clientLogin(ctx, image.name)),
  (ctx) => {
    const { password } = clientLogin(ctx, image.name);
    return {
      // The image's own entrypoint only changes the user, which is deprecated.
      entrypoint: ["minio"],
      command: ["server", image.dataPath],
      environment: {
        MINIO_ROOT_USER: clientUser,
        MINIO_ROOT_PASSWORD_FILE: secretPath(password),
        MINIO_BROWSER: "off",
        MINIO_UPDATE: "off",
        // Otherwise Prometheus would need a token that MinIO's client creates.
        MINIO_PROMETHEUS_AUTH_TYPE: "public",
      },
      files: [secretFile(password)],
      healthcheck: Healthcheck.command(image.healthcheck),
      blackbox: { module: "http_2xx", port: image.port, path: "/minio/health/cluster" },
      metrics: { port: image.port, path: "/minio/v2/metrics/cluster" },
      limits: ctx.prod ? { cpus: 1, memory: "1GiB" } : { cpus: 0.5, memory: "512MiB" },
      rows: [row],
    };
  },
);

const row: Row = {
  board: "stores",
  title: "MinIO",
  panels: [
    stat("Healthy", "min(minio_cluster_health_status)", { redBelow: 1 }),
    stat("Buckets", orZero("sum(minio_cluster_bucket_total)")),
    stat("Objects", orZero("sum(minio_cluster_usage_object_total)")),
    stat("Stored", orZero("sum(minio_cluster_usage_total_bytes)"), { unit: "bytes" }),
    stat("Free", "sum(minio_cluster_capacity_usable_free_bytes)", { unit: "bytes" }),
    lines(
      "Requests",
      {
        requests: perSecond("minio_s3_requests_total"),
        errors: perSecond("minio_s3_requests_5xx_errors_total"),
      },
      { unit: "reqps", width: 24 },
    ),
  ],
};
