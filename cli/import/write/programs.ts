import type { Capability } from "../../../config/spec/limits.ts";
import type { Size } from "../../../config/spec/units.ts";

/** A health check as the settings of an application have it. */
export interface ProposedCheck {
  readonly path?: string;
  readonly command?: readonly string[];
}

/** What Ragdock knows of a program that it has no service for. */
export interface Program {
  readonly port?: number;
  /** The folders of its data. Each gets a volume, so that backups contain it. */
  readonly data?: readonly string[];
  /** @default its port must listen */
  readonly healthcheck?: ProposedCheck;
  readonly memory?: Size;
  /** The command line of the image, for images with variables that a shell drops. */
  readonly start?: { readonly entrypoint: readonly string[]; readonly command: readonly string[] };
  /** The capabilities of an image that starts as root and changes to another user. @default none */
  readonly capabilities?: readonly Capability[];
}

/** For an image whose start script gives the data to its user, and then becomes this user. */
const startsAsRoot: readonly Capability[] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"];

const elasticsearch: Program = {
  port: 9200,
  data: ["/usr/share/elasticsearch/data"],
  memory: "4GiB",
  start: {
    entrypoint: ["/bin/tini", "--", "/usr/local/bin/docker-entrypoint.sh"],
    command: ["eswrapper"],
  },
};

/**
 * Programs by the names of cli/import/kinds.ts. The folders, ports and start scripts are those of the
 * official images.
 */
const programs: Readonly<Record<string, Program>> = {
  Qdrant: { port: 6333, data: ["/qdrant/storage"], memory: "1GiB" },
  Milvus: {
    port: 19530,
    data: ["/var/lib/milvus"],
    healthcheck: { command: ["curl", "-f", "http://localhost:9091/healthz"] },
    memory: "4GiB",
  },
  Weaviate: {
    port: 8080,
    data: ["/var/lib/weaviate"],
    healthcheck: { path: "/v1/.well-known/ready" },
    memory: "2GiB",
  },
  Meilisearch: { port: 7700, data: ["/meili_data"], healthcheck: { path: "/health" }, memory: "1GiB" },
  OpenSearch: {
    port: 9200,
    data: ["/usr/share/opensearch/data"],
    memory: "4GiB",
    start: { entrypoint: ["./opensearch-docker-entrypoint.sh"], command: ["opensearch"] },
  },
  Elasticsearch: elasticsearch,
  elasticsearch,
  ClickHouse: {
    port: 8123,
    data: ["/var/lib/clickhouse"],
    healthcheck: { path: "/ping" },
    memory: "2GiB",
    capabilities: startsAsRoot,
  },
  mysql: {
    port: 3306,
    data: ["/var/lib/mysql"],
    healthcheck: { command: ["mysqladmin", "ping", "-h", "127.0.0.1", "--silent"] },
    memory: "1GiB",
    capabilities: startsAsRoot,
  },
  mariadb: {
    port: 3306,
    data: ["/var/lib/mysql"],
    healthcheck: { command: ["healthcheck.sh", "--connect", "--innodb_initialized"] },
    memory: "1GiB",
    capabilities: startsAsRoot,
  },
  mongo: {
    port: 27017,
    data: ["/data/db", "/data/configdb"],
    healthcheck: { command: ["mongosh", "--quiet", "--eval", "db.adminCommand('ping').ok"] },
    memory: "1GiB",
    capabilities: startsAsRoot,
  },
  MinIO: {
    port: 9000,
    data: ["/data"],
    healthcheck: { command: ["mc", "ready", "local"] },
    memory: "1GiB",
  },
  rabbitmq: {
    port: 5672,
    data: ["/var/lib/rabbitmq"],
    healthcheck: { command: ["rabbitmq-diagnostics", "-q", "ping"] },
    memory: "1GiB",
    capabilities: startsAsRoot,
  },
  neo4j: {
    port: 7474,
    data: ["/data"],
    healthcheck: { path: "/" },
    memory: "2GiB",
    capabilities: startsAsRoot,
  },
  nats: { port: 4222, memory: "256MiB" },
  memcached: { port: 11211, memory: "256MiB" },
  etcd: { port: 2379, data: ["/etcd"], healthcheck: { command: ["etcdctl", "endpoint", "health"] } },
  PostgreSQL: {
    port: 5432,
    data: ["/var/lib/postgresql/data"],
    healthcheck: { command: ["pg_isready"] },
    memory: "1GiB",
    capabilities: startsAsRoot,
  },
  Redis: { port: 6379, data: ["/data"], memory: "512MiB", capabilities: startsAsRoot },
  "Redis Stack": { port: 6379, data: ["/data"], memory: "1GiB" },
  Chroma: { port: 8000, data: ["/data"], memory: "1GiB" },
  Ollama: {
    port: 11434,
    data: ["/root/.ollama"],
    healthcheck: { command: ["ollama", "list"] },
    memory: "8GiB",
  },
};

/** What is known of a program. Nothing for one that is not in the table. */
export const programOf = (name: string): Program =>
  Object.hasOwn(programs, name) ? (programs[name] ?? {}) : {};
