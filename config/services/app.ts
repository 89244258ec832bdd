import { Probe } from "../probe.ts";
import type { Built, FileSpec, ImageSource } from "../service.ts";
import { userOf } from "./access.ts";
import { type Context, common, commonJob, type Draft, pythonImage } from "./draft.ts";
import { hasFile, secretFile } from "./files.ts";
import { database } from "./stores.ts";

/** Installs the dependencies of the Python applications, as app/requirements.lock pins them. */
const pythonBuilder: Built = {
  from: "build",
  name: "python-builder",
  context: "app",
  dockerfile: "dockerfiles/python-builder/Dockerfile",
  bases: [pythonImage],
};
/** The wheel of the library that the Python applications share. */
const ragkit: Built = {
  from: "build",
  name: "ragkit",
  context: "app/library",
  dockerfile: "dockerfiles/ragkit/Dockerfile",
  bases: [pythonBuilder],
};
/** The images that a Python application of this project is built from. */
export const pythonBases = [pythonImage, pythonBuilder, ragkit] as const;

const appImage: Built = {
  from: "build",
  name: "app",
  context: "app",
  dockerfile: "dockerfiles/app/Dockerfile",
  bases: pythonBases,
};
const uiImage: Built = { ...appImage, name: "ui", dockerfile: "dockerfiles/ui/Dockerfile" };

/** The images' user. */
const user = "10001:10001";

/** Connections per process: enough for its threads, few enough for a hundred in all. */
const poolSize = 5;

/** Seconds in which the API still answers after SIGTERM: longer than the gateway remembers an address. */
const drainSeconds = 3;

/** In production a release is watched for as long as four of its probes take before it is sent requests. */
const soak = "20s";

/** The source of the reference application and of the library, on the host and in the images. */
const live = {
  mount: { source: "app", target: "/app", readOnly: true },
  environment: { RAG_RELOAD: "1" },
} as const;

/** Settings that API, worker and migrations share, and the files behind them. */
function appSettings(ctx: Context): { environment: Record<string, string>; files: FileSpec[] } {
  const {
    vectorStore,
    models: { embeddings, llm },
  } = ctx;
  const optional = {
    RAG_EMBEDDING_MODEL: embeddings.model,
    RAG_EMBEDDING_DIMENSION: embeddings.dimension?.toString(),
    RAG_EMBEDDING_BASE_URL: embeddings.baseUrl,
    RAG_LLM_MODEL: llm.model,
    RAG_LLM_BASE_URL: llm.baseUrl,
    RAG_EMBEDDING_API_KEY_FILE: embeddings.key ? "/run/secrets/embeddings-api-key" : undefined,
    RAG_LLM_API_KEY_FILE: llm.key ? "/run/secrets/llm-api-key" : undefined,
    RAG_CHROMA_HOST: vectorStore === "chroma" ? "chroma" : undefined,
  };
  return {
    environment: {
      RAG_DATABASE_HOST: "postgres",
      RAG_DATABASE_PORT: String(database.port),
      RAG_DATABASE_NAME: database.name,
      RAG_DATABASE_USER: userOf(ctx, "postgres"),
      RAG_DATABASE_PASSWORD_FILE: "/run/secrets/postgres-password",
      RAG_DATABASE_POOL_SIZE: String(poolSize),
      RAG_REDIS_HOST: "redis",
      RAG_REDIS_USER: userOf(ctx, "redis"),
      RAG_REDIS_PASSWORD_FILE: "/run/secrets/redis-password",
      RAG_VECTOR_STORE: vectorStore,
      RAG_EMBEDDING_PROVIDER: embeddings.provider,
      RAG_LLM_PROVIDER: llm.provider,
      ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    },
    files: [
      secretFile("postgres-password"),
      secretFile("redis-password"),
      ...(embeddings.key ? [secretFile("embeddings-api-key")] : []),
      ...(llm.key ? [secretFile("llm-api-key")] : []),
    ],
  };
}

const stores = (ctx: Context): string[] => [
  "postgres",
  "redis",
  ...(ctx.vectorStore === "chroma" ? ["chroma"] : []),
];

/** Brings the database's schema up to date before anything serves from it. */
export function migrations(ctx: Context): Draft {
  return {
    ...commonJob,
    ...appSettings(ctx),
    name: "migrate",
    role: "api",
    image: appImage,
    live,
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
    live,
    command: ["api"],
    user,
    networks: ["frontend", "backend"],
    environment: {
      ...shared.environment,
      RAG_API_WORKERS: String(workers),
      RAG_DRAIN_SECONDS: String(drainSeconds),
    },
    probe: Probe.command(["python3", "-m", "ragapp", "probe", "api"], { startPeriod: "1m" }),
    check: { module: "http_2xx", port: 8000, path: "/api/health" },
    ...(ctx.prod ? { soak } : {}),
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
  const remote = ctx.models.embeddings.provider !== "local";
  const networks = remote ? ["backend", "frontend"] : ["backend"];
  return {
    ...common,
    ...appSettings(ctx),
    name: "worker",
    role: "worker",
    kind: "stateless",
    image: appImage,
    live,
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
    live,
    command: ["ui"],
    user,
    networks: ["frontend"],
    environment: { RAG_API_URL: "http://gateway:8080", RAG_PROMETHEUS_URL: "http://prometheus:9090" },
    probe: Probe.command(["python3", "-m", "ragapp", "probe", "ui"], { startPeriod: "1m" }),
    check: { module: "http_2xx", port: 8501, path: "/_stcore/health" },
    limits: { cpus: 1, memory: ctx.prod ? "768MiB" : "512MiB" },
  };
}

/** A user's own application in the API's place. */
export function ownApp(ctx: Context, app: OwnApp): Draft {
  const shared = appSettings(ctx);
  const serve = ["uvicorn", app.module, "--host", "0.0.0.0", "--port", String(app.port)];
  return {
    ...common,
    ...shared,
    name: "api",
    role: "api",
    kind: "stateless",
    image: ownImage(app),
    ...(app.source !== undefined && !hasFile(app.source, "Dockerfile") ? { command: serve } : {}),
    networks: ["frontend", "backend"],
    probe: Probe.anyHttp(app.healthPath, app.port, { startPeriod: "1m" }),
    check: { module: "http_2xx", port: app.port, path: app.healthPath },
    ...(ctx.prod ? { soak } : {}),
    ...(app.metricsPath ? { metrics: { port: app.port, path: app.metricsPath } } : {}),
    limits: ctx.prod ? { cpus: 1, memory: "1GiB" } : { cpus: 1, memory: "768MiB" },
    after: stores(ctx),
    stopGrace: "30s",
    databaseConnections: poolSize,
  };
}

type OwnApp = NonNullable<Context["settings"]["app"]>;

/** Built by the folder's own Dockerfile where there is one; both get a Python that is to be had in either image mode. */
function ownImage({ image, source = "." }: OwnApp): ImageSource {
  if (image) return { from: "reference", reference: image };
  const folder = hasFile(source, "Dockerfile") ? source : "dockerfiles/fastapi";
  return {
    from: "build",
    name: "app",
    context: source,
    dockerfile: `${folder}/Dockerfile`,
    bases: [pythonImage],
  };
}
