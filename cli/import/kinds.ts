import { splitReference } from "../../config/spec/image.ts";
import type { ComposeService } from "./read.ts";
import { at, children, textOf } from "./tree.ts";

/** A store that Ragdock has a service for. */
export type Store = "postgres" | "redis" | "chroma" | OptionalStore;

/** The stores that a stack runs only if an application needs them. */
export const optionalStores = ["minio", "mysql", "opensearch", "clickhouse", "qdrant"] as const;

export type OptionalStore = (typeof optionalStores)[number];

/**
 * What a service of a Compose project is. An application is the user's own, or one that only the
 * user knows. A foreign image is a well-known program that no service of Ragdock replaces.
 */
export type ServiceKind =
  | { readonly kind: "store"; readonly store: Store }
  | { readonly kind: "console"; readonly name: string }
  | { readonly kind: "application" }
  | {
      readonly kind: "foreign";
      readonly name: string;
      /** Why the stack's own store does not replace it. */
      readonly why?: string;
    };

const stores: Readonly<Record<string, Store>> = {
  postgres: "postgres",
  "pgvector/pgvector": "postgres",
  "ankane/pgvector": "postgres",
  redis: "redis",
  "valkey/valkey": "redis",
  "chromadb/chroma": "chroma",
  "minio/minio": "minio",
  mysql: "mysql",
  "opensearchproject/opensearch": "opensearch",
  "clickhouse/clickhouse-server": "clickhouse",
  "qdrant/qdrant": "qdrant",
};

/** Programs whose pages show data or metrics, by repository. */
const consoles: Readonly<Record<string, string>> = {
  "prom/prometheus": "Prometheus",
  "prom/alertmanager": "Alertmanager",
  "grafana/grafana": "Grafana",
  "grafana/grafana-oss": "Grafana",
  "dpage/pgadmin4": "pgAdmin",
  adminer: "Adminer",
  "redis/redisinsight": "Redis Insight",
  "rediscommander/redis-commander": "Redis Commander",
  "mher/flower": "Flower",
  "mongo-express": "mongo-express",
  "opensearchproject/opensearch-dashboards": "OpenSearch Dashboards",
  kibana: "Kibana",
  "zilliz/attu": "Attu",
  "portainer/portainer-ce": "Portainer",
};

/**
 * Well-known programs whose repository has an owner. Repositories without an owner are Docker's
 * official images.
 */
const programs: Readonly<Record<string, string>> = {
  "minio/mc": "MinIO client",
  "milvusdb/milvus": "Milvus",
  "semitechnologies/weaviate": "Weaviate",
  "weaviate/weaviate": "Weaviate",
  "getmeili/meilisearch": "Meilisearch",
  "elasticsearch/elasticsearch": "Elasticsearch",
  "coreos/etcd": "etcd",
  "redis/redis-stack": "Redis Stack",
  "redis/redis-stack-server": "Redis Stack",
  "bitnami/postgresql": "PostgreSQL of Bitnami",
  "bitnami/redis": "Redis of Bitnami",
  "supabase/postgres": "PostgreSQL of Supabase",
  "timescale/timescaledb": "TimescaleDB",
  "ollama/ollama": "Ollama",
  "vllm/vllm-openai": "vLLM",
  "huggingface/text-embeddings-inference": "Text Embeddings Inference",
  "nginxinc/nginx-unprivileged": "nginx",
  "certbot/certbot": "Certbot",
  "jwilder/nginx-proxy": "nginx-proxy",
  "ubuntu/squid": "Squid",
};

/**
 * Finds out what a service is, by its image. A service that is built is an application, except for
 * a PostgreSQL with more extensions.
 */
export function kindOf({ tree }: Pick<ComposeService, "tree">): ServiceKind {
  const reference = textOf(at(tree, "image"));
  if (at(tree, "build") && at(tree, "environment", "POSTGRES_PASSWORD") && keepsPostgres(tree))
    return { kind: "foreign", name: "PostgreSQL" };
  if (at(tree, "build") || !reference) return { kind: "application" };
  const repository = repositoryOf(reference);
  const store = named(stores, repository);
  if (store) return { kind: "store", store };
  const console = named(consoles, repository);
  if (console) return { kind: "console", name: console };
  const program = named(programs, repository) ?? (repository.includes("/") ? undefined : repository);
  return program ? { kind: "foreign", name: program } : { kind: "application" };
}

/** Whether a service keeps the data of PostgreSQL. Its image is built on that of PostgreSQL. */
const keepsPostgres = (tree: ComposeService["tree"]): boolean =>
  children(at(tree, "volumes")).some((one) => textOf(at(one, "target"))?.startsWith("/var/lib/postgresql"));

/** Returns the entry of a table. The name may be one of JavaScript's own, such as "constructor". */
const named = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

/** The repository of a reference, without host, tag and digest: `postgres`, `pgvector/pgvector`. */
function repositoryOf(reference: string): string {
  const { path } = splitReference(reference);
  return path
    .replace(/@.*$/, "")
    .replace(/:[^/]*$/, "")
    .replace(/^library\//, "");
}

/** The tag of a reference. A digest counts as a tag. */
export function tagOf(reference: string): string | undefined {
  const { path } = splitReference(reference);
  return /@(.+)$/.exec(path)?.[1] ?? /:([^/]+)$/.exec(path)?.[1];
}
