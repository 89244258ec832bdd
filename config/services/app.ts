import { Probe } from "../probe.ts";
import type { FileSpec, ImageSource, NetworkName } from "../service.ts";
import { type Context, common, commonJob, type Draft, secretFile } from "./draft.ts";
import { database } from "./stores.ts";

const appImage: ImageSource = {
  from: "build",
  name: "app",
  context: "app",
  dockerfile: "dockerfiles/app/Dockerfile",
  python: true,
};
const uiImage: ImageSource = { ...appImage, name: "ui", dockerfile: "dockerfiles/ui/Dockerfile" };

/** The images' user. */
const user = "10001:10001";

/** Connections per process: enough for its threads, few enough for a hundred in all. */
const poolSize = 5;

/** Seconds in which the API still answers after SIGTERM: longer than the gateway remembers an address. */
const drainSeconds = 3;

/** Where the reference app's source is, on the host and in its images: what `live` mounts. */
export const liveSource = { source: "app/ragapp", target: "/app/ragapp", readOnly: true } as const;

/** Settings that API, worker and migrations share, and the files behind them. */
function appSettings(ctx: Context): { environment: Record<string, string>; files: FileSpec[] } {
  const { embeddings, llm, vectorStore } = ctx.settings;
  const optional = {
    RAG_EMBEDDING_MODEL: embeddings.model,
    RAG_EMBEDDING_DIMENSION: embeddings.dimension?.toString(),
    RAG_EMBEDDING_BASE_URL: embeddings.baseUrl,
    RAG_LLM_MODEL: llm.model,
    RAG_LLM_BASE_URL: llm.baseUrl,
    RAG_EMBEDDING_API_KEY_FILE: needsKey(embeddings) ? "/run/secrets/embeddings-api-key" : undefined,
    RAG_LLM_API_KEY_FILE: needsKey(llm) ? "/run/secrets/llm-api-key" : undefined,
    RAG_CHROMA_HOST: vectorStore === "chroma" ? "chroma" : undefined,
  };
  return {
    environment: {
      RAG_DATABASE_HOST: database.host,
      RAG_DATABASE_PORT: String(database.port),
      RAG_DATABASE_NAME: database.name,
      RAG_DATABASE_USER: database.user,
      RAG_DATABASE_PASSWORD_FILE: "/run/secrets/postgres-password",
      RAG_DATABASE_POOL_SIZE: String(poolSize),
      RAG_REDIS_HOST: "redis",
      RAG_REDIS_PASSWORD_FILE: "/run/secrets/redis-password",
      RAG_VECTOR_STORE: vectorStore,
      RAG_EMBEDDING_PROVIDER: embeddings.provider,
      RAG_LLM_PROVIDER: llm.provider,
      ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    },
    files: [
      secretFile("postgres-password"),
      secretFile("redis-password"),
      ...(needsKey(embeddings) ? [secretFile("embeddings-api-key")] : []),
      ...(needsKey(llm) ? [secretFile("llm-api-key")] : []),
    ],
  };
}

/** Whether a provider asks for a key: Ollama and vLLM on one's own machines mostly do not. */
export function needsKey(settings: { provider: string }): boolean {
  return settings.provider === "openai" || settings.provider === "mistral";
}

const stores = (ctx: Context): string[] => [
  "postgres",
  "redis",
  ...(ctx.settings.vectorStore === "chroma" ? ["chroma"] : []),
];

/** Brings the database's schema up to date before anything serves from it. */
export function migrations(ctx: Context): Draft {
  return {
    ...commonJob,
    ...appSettings(ctx),
    name: "migrate",
    role: "api",
    image: appImage,
    command: ["migrate"],
    user,
    networks: ["backend"],
    limits: { cpus: 1, memory: "256MiB" },
    after: ["postgres"],
    databaseConnections: 2,
  };
}

/** The HTTP API. */
export function api(ctx: Context): Draft {
  const workers = ctx.prod ? 2 : 1;
  const shared = appSettings(ctx);
  return {
    ...common,
    ...shared,
    name: "api",
    role: "api",
    kind: "stateless",
    image: appImage,
    command: ["api"],
    user,
    networks: ["frontend", "backend"],
    environment: {
      ...shared.environment,
      RAG_API_WORKERS: String(workers),
      RAG_DRAIN_SECONDS: String(drainSeconds),
    },
    probe: Probe.command(["python3", "-m", "ragapp", "probe", "api"], { startPeriod: "1m" }),
    check: { module: "http_2xx", target: "http://api:8000/api/health" },
    metrics: { port: 8000, path: "/metrics" },
    replicas: ctx.prod ? 2 : 1,
    limits: ctx.prod ? { cpus: 1, memory: "1GiB" } : { cpus: 1, memory: "768MiB" },
    after: [...stores(ctx), "migrate"],
    stopGrace: "30s",
    databaseConnections: workers * poolSize,
  };
}

/** Reads, splits, embeds and stores what the API has queued. */
export function worker(ctx: Context): Draft {
  // The database network has no way out; a remote embedder is reached by the other one.
  const remote = ctx.settings.embeddings.provider !== "local";
  const networks: NetworkName[] = remote ? ["backend", "frontend"] : ["backend"];
  return {
    ...common,
    ...appSettings(ctx),
    name: "worker",
    role: "worker",
    kind: "stateless",
    image: appImage,
    command: ["worker"],
    user,
    networks,
    probe: Probe.command(["python3", "-m", "ragapp", "probe", "worker"], { startPeriod: "1m" }),
    metrics: { port: 8001, path: "/metrics" },
    limits: ctx.prod ? { cpus: 1, memory: "1GiB" } : { cpus: 1, memory: "768MiB" },
    after: [...stores(ctx), "migrate"],
    stopGrace: "1m",
    databaseConnections: poolSize,
  };
}

/** The web interface. */
export function ui(ctx: Context): Draft {
  return {
    ...common,
    name: "ui",
    role: "ui",
    kind: "stateless",
    image: uiImage,
    command: ["ui"],
    user,
    networks: ["frontend"],
    environment: { RAG_API_URL: "http://api:8000", RAG_PROMETHEUS_URL: "http://prometheus:9090" },
    probe: Probe.command(["python3", "-m", "ragapp", "probe", "ui"], { startPeriod: "1m" }),
    check: { module: "http_2xx", target: "http://ui:8501/_stcore/health" },
    limits: { cpus: 1, memory: ctx.prod ? "768MiB" : "512MiB" },
  };
}

/** A user's own application in the API's place. */
export function ownApp(ctx: Context, app: NonNullable<Context["settings"]["app"]>): Draft {
  const shared = appSettings(ctx);
  const image: ImageSource = app.image
    ? { from: "reference", reference: app.image }
    : {
        from: "build",
        name: "app",
        context: app.source ?? ".",
        dockerfile: `${app.source}/Dockerfile`,
        // So that `ARG PYTHON_IMAGE=…` in it finds a Python in both image modes; others leave it unused.
        python: true,
      };
  return {
    ...common,
    ...shared,
    name: "api",
    role: "api",
    kind: "stateless",
    image,
    networks: ["frontend", "backend"],
    probe: Probe.anyHttp(app.healthPath, app.port, { startPeriod: "1m" }),
    check: { module: "http_2xx", target: `http://api:${app.port}${app.healthPath}` },
    metrics: { port: app.port, path: app.metricsPath },
    limits: ctx.prod ? { cpus: 1, memory: "1GiB" } : { cpus: 1, memory: "768MiB" },
    after: stores(ctx),
    stopGrace: "30s",
    databaseConnections: poolSize,
  };
}
