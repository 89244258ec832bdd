import { bashHttp, Healthcheck } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import { mebibytes } from "../spec/units.ts";
import { blackboxRow } from "./monitoring.ts";
import { neededStore } from "./needed-store.ts";

/**
 * 408 if the indexes do not become usable in time. A single server cannot hold replicas, so the
 * status is yellow.
 */
const health = "/_cluster/health?wait_for_status=yellow&timeout=3s";

/**
 * The security plugin is off, as in Chroma: only the network limits who uses it. The plugin needs
 * TLS between servers, and the certificates that the image brings have a published key.
 */
const image = {
  name: "opensearch",
  reference: "opensearchproject/opensearch:3.8.0",
  user: "1000:1000",
  port: 9200,
  dataPath: "/usr/share/opensearch/data",
  healthcheck: bashHttp(9200, health),
  official: {
    sources: [
      "opensearch-project/opensearch-build@176ece0:docker/release/dockerfiles/opensearch.al2023.dockerfile",
      "opensearch-project/opensearch-build@a17589a:docker/release/config/opensearch/opensearch-docker-entrypoint-default.x.sh",
    ],
    base: "amazonlinux",
    programs: ["opensearch"],
    entrypoint: ["./opensearch-docker-entrypoint.sh"],
    runsCommands: true,
    volumes: [],
  },
  standIn: { unavailable: "Debian and PyPI have no package of OpenSearch." },
} as const satisfies CatalogueImage;

/** OpenSearch: texts and vectors, by the API of Elasticsearch 7. */
export const opensearch = neededStore(
  image,
  "OpenSearch",
  () => [],
  (ctx) => ({
    environment: {
      "discovery.type": "single-node",
      // The kernel's default number of mapped regions is too small for Lucene.
      "node.store.allow_mmap": "false",
      DISABLE_SECURITY_PLUGIN: "true",
      DISABLE_INSTALL_DEMO_CONFIG: "true",
      DISABLE_PERFORMANCE_ANALYZER_AGENT_CLI: "true",
    },
    healthcheck: Healthcheck.command(image.healthcheck, { interval: "10s", startPeriod: "3m" }),
    blackbox: { module: "http_2xx", port: image.port, path: health },
    limits: ctx.prod ? { cpus: 2, memory: "4GiB" } : { cpus: 1, memory: "2GiB" },
    // OpenSearch recommends half of the memory. Vectors and the cache of files need the rest.
    derive: ({ limits, environment }) => {
      const heap = `${Math.floor(mebibytes(limits.memory) / 2)}m`;
      return { environment: { OPENSEARCH_JAVA_OPTS: `-Xms${heap} -Xmx${heap}`, ...environment } };
    },
    rows: [blackboxRow("stores", "OpenSearch", image.name, "Health check")],
  }),
);
