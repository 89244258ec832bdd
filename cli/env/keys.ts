import type { UserSecret } from "../../config/settings/schema.ts";
import type { SystemName } from "../../config/systems/index.ts";

/** The result for a key of a `.env` file. */
export type Fate =
  /** A setting under `ragdock:`. `read` converts the value if the setting has another format. */
  | { readonly is: "setting"; readonly path: string; readonly read?: (text: string) => unknown }
  | { readonly is: "secret"; readonly key: UserSecret }
  /** Ragdock makes the value. */
  | { readonly is: "generated"; readonly what: string }
  | { readonly is: "unneeded"; readonly why: string };

export interface EnvKey {
  readonly name: string;
  /** A value in the format of the original. */
  readonly example: string;
  readonly fate: Fate;
}

/** `512M` of Compose is `512MiB`: both are binary. */
const sizeOf = (text: string): string => {
  const [, count, unit = ""] = /^(\d+)\s*([kmg])i?b?$/i.exec(text) ?? [];
  return count ? `${count}${unit.toUpperCase().replace("K", "k")}iB`.replace("kiB", "KiB") : text;
};

/** Text that is not a number stays text, and the schema reports what is wrong. */
const numberOf = (text: string): unknown => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : text);

const environments: Readonly<Record<string, string>> = { development: "dev", production: "prod" };

const setting = (name: string, example: string, path: string, read?: (text: string) => unknown): EnvKey => ({
  name,
  example,
  fate: { is: "setting", path, ...(read ? { read } : {}) },
});
const secret = (name: string, key: UserSecret): EnvKey => ({
  name,
  example: "",
  fate: { is: "secret", key },
});
const generated = (name: string, what: string): EnvKey => ({
  name,
  example: "",
  fate: { is: "generated", what },
});
const unneeded = (name: string, example: string, why: string): EnvKey => ({
  name,
  example,
  fate: { is: "unneeded", why },
});

const limitsOf = (prefix: string, service: string, cpus: string, memory: string): EnvKey[] => [
  setting(`${prefix}_CPU_LIMIT`, cpus, `services.${service}.limits.cpus`, numberOf),
  setting(`${prefix}_MEM_LIMIT`, memory, `services.${service}.limits.memory`, sizeOf),
];

const address = "Ragdock gives each service the addresses of the services that it calls";
const inImage = "the image sets this value";
const ownUser = "the image sets an unprivileged user; `services.<name>.user` changes it";

const database = (name: string, user: string): EnvKey[] => [
  setting("POSTGRES_DB", name, "postgres.database"),
  setting("POSTGRES_USER", user, "postgres.user"),
  generated("POSTGRES_PASSWORD", "the clients' password of PostgreSQL, which `make rotate` changes"),
  generated(
    "DATABASE_URL",
    "Ragdock sets the address and the login from the settings and the generated password",
  ),
  unneeded("POSTGRES_HOST", "postgres", address),
  unneeded("POSTGRES_PORT", "5432", address),
];

const redis: readonly EnvKey[] = [
  unneeded("REDIS_HOST", "redis", address),
  unneeded("REDIS_PORT", "6379", address),
  generated("REDIS_PASSWORD", "the clients' password of Redis, which `make rotate` changes"),
];

const grafana: readonly EnvKey[] = [
  generated("GF_SECURITY_ADMIN_PASSWORD", "the password of Grafana; `make outputs SHOW_SECRETS=1` shows it"),
  unneeded("GF_SECURITY_ADMIN_USER", "admin", "the user is admin"),
];

const models = (provider: string, llm: string, embedding: string): EnvKey[] => [
  setting("LLM_PROVIDER", provider, "llm.provider"),
  setting("LLM_MODEL", llm, "llm.model"),
  setting("EMBEDDING_PROVIDER", provider, "embeddings.provider"),
  setting("EMBEDDING_MODEL", embedding, "embeddings.model"),
];

const python = ["PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"].map((name) => unneeded(name, "1", inImage));
const users = ["USER_ID", "GROUP_ID"].map((name) => unneeded(name, "1000", ownUser));
const environment = setting(
  "ENVIRONMENT",
  "development",
  "environment",
  (text) => environments[text] ?? text,
);

/** The keys of the `.env` files of each system and of its Compose file. */
export const envKeys: Readonly<Record<SystemName, readonly EnvKey[]>> = {
  full: [
    environment,
    ...database("rag", "rag"),
    ...redis,
    ...models("openai", "gpt-4o-mini", "text-embedding-3-small"),
    secret("OPENAI_API_KEY", "llmApiKey"),
    secret("LLM_API_KEY", "llmApiKey"),
    secret("EMBEDDINGS_API_KEY", "embeddingsApiKey"),
    setting("PORT", "8080", "services.gateway.port", numberOf),
    ...grafana,
    ...users,
    ...python,
  ],
  myrag: [
    ...database("myrag", "rag"),
    ...models("openai", "gpt-4o-mini", "text-embedding-3-small"),
    secret("OPENAI_API_KEY", "llmApiKey"),
    secret("EMBEDDINGS_API_KEY", "embeddingsApiKey"),
    generated("DATA_SOURCE_NAME", "the exporter's own login at PostgreSQL"),
    unneeded("API_URL", "http://fastapi:8000", address),
    ...grafana,
    ...python,
  ],
  m31: [environment, ...redis, setting("PORT", "8000", "services.web.port", numberOf), ...users, ...python],
  "rag-events": [
    secret("MISTRAL_API_KEY", "mistralApiKey"),
    secret("REBUILD_API_KEY", "rebuildApiKey"),
    ...models("mistral", "mistral-small-latest", "mistral-embed"),
    unneeded("API_HOST", "0.0.0.0", inImage),
    setting("API_PORT", "8000", "services.api.port", numberOf),
    setting("STREAMLIT_PORT", "8501", "services.ui.port", numberOf),
    ...python,
  ],
  financerag: [
    secret("OPENAI_API_KEY", "openaiApiKey"),
    ...models("openai", "gpt-4o-mini", "text-embedding-3-small"),
    ...python,
  ],
  mnemolite: [
    ...database("mnemolite", "mnemo"),
    setting("API_PORT", "8001", "services.api.port", numberOf),
    setting("UVICORN_WORKERS", "2", "services.api.environment.UVICORN_WORKERS"),
    setting("UVICORN_LOOP", "uvloop", "services.api.environment.UVICORN_LOOP"),
    setting("CHROMA_PORT", "8000", "services.chromadb.port", numberOf),
    unneeded("CHROMA_URL", "http://chromadb:8000", address),
    unneeded(
      "CHROMA_DB_IMPL",
      "duckdb+parquet",
      "Chroma has only one storage implementation since version 0.4",
    ),
    unneeded(
      "CHROMA_PERSIST_DIRECTORY",
      "/chroma/chroma",
      "the volume is mounted at the path that the image uses",
    ),
    ...limitsOf("PG", "db", "2", "2G"),
    ...limitsOf("CHROMA", "chromadb", "1", "1G"),
    ...limitsOf("API", "api", "1", "512M"),
    ...limitsOf("WORKER", "worker", "1", "1G"),
    environment,
    ...python,
  ],
};
