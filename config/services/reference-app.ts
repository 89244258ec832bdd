import { asks, uploadsTo } from "../spec/access.ts";
import { defined } from "../spec/defined.ts";
import { Healthcheck } from "../spec/healthcheck.ts";
import type { Built } from "../spec/image.ts";
import type { FileSpec, Job, LongRunning } from "../spec/service.ts";
import { chromaAddress } from "./chroma.ts";
import { gatewayPort, metricsPath } from "./gateway.ts";
import { callsProvider, isRemote, modelServices } from "./models.ts";
import type { Context, ServiceModule, ServiceTemplate } from "./module.ts";
import { jobDefaults, serviceDefaults } from "./module.ts";
import { statusPort } from "./nginx.ts";
import { hasOwnApps } from "./own-app-settings.ts";
import { type PostgresModule, sslVariables } from "./postgres.ts";
import { pythonBases, streamlitAccess, streamlitUploads } from "./python.ts";
import { emptyRetrievalsHigh, ingestionBacklog, ingestionFailing } from "./rag-alerts.ts";
import { redisTls } from "./redis.ts";
import { fromUser, secretFile, secretPath, userName } from "./secrets.ts";
import type { StoreModule } from "./store.ts";

const appImage: Built = {
  from: "build",
  name: "app",
  context: "app",
  dockerfile: "dockerfiles/app/Dockerfile",
  bases: pythonBases,
};
const uiImage: Built = { ...appImage, name: "ui", dockerfile: "dockerfiles/ui/Dockerfile" };

const user = "10001:10001";

/** Connections per process: enough for its threads, and all pools together stay below 100. */
export const poolSize = 5;

/**
 * Seconds in which the API still answers after SIGTERM: longer than the gateway caches an address.
 */
const drainSeconds = 3;

/** The soak of a revision in production: the time of four health checks. */
export const productionSoak = "20s";

/**
 * The variable that limits the tokens of the language model that one person or key may use in a
 * day.
 */
export const tokensVariable = "RAG_TOKENS_PER_DAY";

/** The source of the application and of the library, on the host and in the images. */
const sourceMount = {
  mount: { source: "app", target: "/app", readOnly: true },
  environment: { RAG_RELOAD: "1" },
} as const;

export interface AppStores {
  readonly postgres: PostgresModule;
  readonly redis: StoreModule;
}

/**
 * The settings that API, worker, migrations and own applications share, and the files behind them.
 * @param needs the stores that the application calls. It gets the logins of these only.
 * @param connections the size of its pool of database connections
 */
export function appSettings(
  ctx: Context,
  stores: AppStores,
  needs: readonly string[] = dependenciesOf(ctx, stores),
  connections = poolSize,
): { environment: Record<string, string>; files: FileSpec[] } {
  const { embeddings, llm } = ctx.models;
  const loginOf = (store: StoreModule) => (needs.includes(store.name) ? store.login(ctx) : undefined);
  const postgres = loginOf(stores.postgres);
  const redis = loginOf(stores.redis);
  const database = stores.postgres.connection(ctx);
  const cache = stores.redis.connection(ctx);
  const chroma = needs.includes("chroma") ? chromaAddress(ctx) : undefined;
  const keys = [embeddings.key, llm.key].map((key) => key && fromUser(key));
  const [embeddingsKey, llmKey] = keys.map((key) => key && secretPath(key));
  return {
    environment: defined({
      ...(postgres
        ? {
            RAG_DATABASE_HOST: database.host,
            RAG_DATABASE_PORT: String(database.port),
            RAG_DATABASE_NAME: stores.postgres.database(ctx).name,
            RAG_DATABASE_USER: userName(postgres),
            RAG_DATABASE_PASSWORD_FILE: secretPath(postgres.password),
            RAG_DATABASE_POOL_SIZE: String(connections),
            ...sslVariables(database),
          }
        : {}),
      ...(redis
        ? {
            RAG_REDIS_HOST: cache.host,
            ...(ctx.settings.redis.external ? { RAG_REDIS_PORT: String(cache.port) } : {}),
            ...redisTls(cache, "RAG_"),
            RAG_REDIS_USER: userName(redis),
            RAG_REDIS_PASSWORD_FILE: secretPath(redis.password),
          }
        : {}),
      RAG_VECTOR_STORE: ctx.vectorStore,
      RAG_EMBEDDING_PROVIDER: embeddings.provider,
      RAG_LLM_PROVIDER: llm.provider,
      RAG_EMBEDDING_MODEL: embeddings.model,
      RAG_EMBEDDING_DIMENSION: embeddings.dimension?.toString(),
      RAG_EMBEDDING_BASE_URL: embeddings.baseUrl,
      RAG_LLM_MODEL: llm.model,
      RAG_LLM_BASE_URL: llm.baseUrl,
      RAG_EMBEDDING_API_KEY_FILE: embeddingsKey,
      RAG_LLM_API_KEY_FILE: llmKey,
      RAG_CHROMA_HOST: chroma?.host,
      ...(chroma && ctx.settings.chroma.external
        ? { RAG_CHROMA_PORT: String(chroma.port), RAG_CHROMA_TLS: String(chroma.isEncrypted) }
        : {}),
    }) as Record<string, string>,
    files: [
      ...[postgres?.password, redis?.password, ...keys].flatMap((key) => (key ? [secretFile(key)] : [])),
      ...(postgres ? database.files : []),
      ...(redis ? cache.files : []),
    ],
  };
}

/** The services that the application depends on: its stores, and the models that the stack runs. */
export const dependenciesOf = (ctx: Context, { postgres, redis }: AppStores): string[] => [
  postgres.name,
  redis.name,
  ...(ctx.vectorStore === "chroma" ? ["chroma"] : []),
  ...modelServices(ctx.models),
];

/** The reference application, if the settings name no other application. */
export const referenceApp = (stores: AppStores): ServiceModule => ({
  optIn: (ctx) => !hasOwnApps(ctx.settings),
  services: (ctx) => [migrations(ctx, stores), api(ctx, stores), worker(ctx, stores), ui(ctx)],
});

function migrations(ctx: Context, stores: AppStores): ServiceTemplate<Job> {
  return {
    ...jobDefaults,
    ...appSettings(ctx, stores),
    name: "migrate",
    role: "api",
    image: appImage,
    sourceMount,
    command: ["migrate"],
    user,
    limits: { cpus: 1, memory: "256MiB" },
    dependsOn: [stores.postgres.name],
    databaseConnections: 2,
  };
}

/**
 * The common fields of API, worker and UI. The image's entrypoint takes the name of one of them.
 */
const application = (mode: "api" | "worker" | "ui") => ({
  ...serviceDefaults,
  name: mode,
  role: mode,
  image: appImage,
  sourceMount,
  command: [mode],
  user,
  healthcheck: Healthcheck.command(["python3", "-m", "ragapp", "probe", mode], { startPeriod: "1m" }),
});

function api(ctx: Context, stores: AppStores): ServiceTemplate<LongRunning> {
  const workers = ctx.prod ? 2 : 1;
  const shared = appSettings(ctx, stores);
  const { tokensPerDay } = ctx.settings.ingress.limits;
  return {
    ...application("api"),
    ...shared,
    environment: {
      ...shared.environment,
      RAG_API_WORKERS: String(workers),
      RAG_DRAIN_SECONDS: String(drainSeconds),
      ...(tokensPerDay ? { [tokensVariable]: String(tokensPerDay) } : {}),
    },
    outside: callsProvider(ctx.models),
    uploadPaths: ["/api/documents"],
    access: [asks("/api/query"), uploadsTo("/api/documents")],
    blackbox: { module: "http_2xx", port: 8000, path: "/api/health" },
    readiness: { port: 8000, path: "/api/ready" },
    ...(ctx.prod ? { soak: productionSoak } : {}),
    metrics: { port: 8000, path: "/metrics" },
    replicas: ctx.prod ? 2 : 1,
    limits: ctx.prod ? { cpus: 1, memory: "1GiB" } : { cpus: 1, memory: "768MiB" },
    dependsOn: [...dependenciesOf(ctx, stores), "migrate"],
    stopGracePeriod: "30s",
    databaseConnections: workers * poolSize,
    alerts: [ingestionBacklog, emptyRetrievalsHigh],
  };
}

/** The worker reads, splits, embeds and stores the documents that the API has queued. */
function worker(ctx: Context, stores: AppStores): ServiceTemplate<LongRunning> {
  return {
    ...application("worker"),
    ...appSettings(ctx, stores),
    // It embeds texts, and does not use a language model.
    outside: isRemote(ctx.models.embeddings),
    metrics: { port: 8001, path: "/metrics" },
    limits: ctx.prod ? { cpus: 1, memory: "1GiB" } : { cpus: 1, memory: "768MiB" },
    dependsOn: [...dependenciesOf(ctx, stores), "migrate"],
    stopGracePeriod: "1m",
    databaseConnections: poolSize,
    alerts: [ingestionFailing],
  };
}

function ui(ctx: Context): ServiceTemplate<LongRunning> {
  return {
    ...application("ui"),
    image: uiImage,
    tmpfs: ["/tmp"],
    calls: ["gateway"],
    environment: {
      RAG_API_URL: `http://gateway:${gatewayPort}`,
      RAG_PROMETHEUS_URL: `http://gateway:${statusPort}${metricsPath}`,
    },
    uploadPaths: [streamlitUploads],
    access: [streamlitAccess],
    blackbox: { module: "http_2xx", port: 8501, path: "/_stcore/health" },
    limits: { cpus: 1, memory: ctx.prod ? "768MiB" : "512MiB" },
  };
}
