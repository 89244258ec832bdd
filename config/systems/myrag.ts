import { gateway } from "../services/gateway.ts";
import { grafana } from "../services/grafana.ts";
import { modelSettings } from "../services/model-settings.ts";
import { callsProvider } from "../services/models.ts";
import { type Context, serviceDefaults } from "../services/module.ts";
import { nodeExporter } from "../services/node-exporter.ts";
import { postgres, postgresServer, sslVariables } from "../services/postgres.ts";
import { postgresExporter } from "../services/postgres-exporter.ts";
import { prometheus } from "../services/prometheus.ts";
import { pythonApp, streamlitAccess, streamlitUploads } from "../services/python.ts";
import { emptyRetrievalsHigh, ingestionFailing } from "../services/rag-alerts.ts";
import { generated, secretFile, secretPath, userName } from "../services/secrets.ts";
import { asks, uploadsTo } from "../spec/access.ts";
import { content } from "../spec/content.ts";
import { Healthcheck } from "../spec/healthcheck.ts";
import type { LongRunning } from "../spec/service.ts";
import type { System } from "./system.ts";

const pgvector = postgres({
  name: "pgvector",
  volume: "pgvector",
  devPort: postgresServer.port,
  database: { name: "myrag", user: "rag" },
});

/**
 * A FastAPI and a Streamlit application behind nginx, over pgvector, with Prometheus and Grafana.
 */
export const myrag: System = {
  about:
    "FastAPI and Streamlit behind nginx, over PostgreSQL with pgvector, watched by Prometheus and Grafana.",
  differs: [
    "lxml is not compiled: the readers of the stand-in application need none. `services.fastapi.build.args.BUILD_PACKAGES` adds compilers to its build.",
    "The ports 8501 and 8000 are closed, because the gateway has TLS, the sign-in and the limits. In dev, `services.streamlit.port` and `services.fastapi.port` open them on loopback.",
    "The API logs in as rag_<generation>, which acts as the owner rag. The user postgres is the administrator, and no client uses it.",
    "The files of a service are next to its application, and Ragdock generates those of nginx, Prometheus and Grafana from the list of services. So no folder docker/ has to be kept in step with the services.",
    "The pages have no entrypoint.sh: the variables of the image hold Streamlit's options, and Streamlit is process 1, so it gets the stop signal.",
    "The base image is python:3.13-slim-trixie and not uv's. Libraries come from PyPI with hashes, from one lock for all applications. uv installs them in a separate stage, so the image contains no installer.",
    "alembic.ini has no address and no password: the migrations read the same variables and the same file as the API. So no image has a password.",
    "There is no .env file per service: Ragdock generates passwords and passes them to services as files. Settings are in the stack's file. `docker inspect` shows variables, but no files.",
    "Services share a network only with those that they call, instead of one network `backend` for all. The pages cannot reach the database.",
    "Grafana is in no package of Debian or PyPI. With `images: packages` it is left out, unless `ragdock:pinned` names an image.",
  ],
  models: {},
  anyPostgres: true,
  modules: [
    pgvector,
    { services: (ctx) => [fastapi(ctx), streamlit(ctx)] },
    gateway({
      name: "nginx",
      devPort: 80,
      routes: () => [
        { path: "/api/", service: "fastapi", port: 8000 },
        { path: "/", service: "streamlit", port: 8501 },
      ],
    }),
    prometheus({ volume: "prometheus_data" }),
    grafana({ volume: "grafana_data" }),
    nodeExporter(9100),
    postgresExporter(pgvector, 9187),
  ],
};

function fastapi(ctx: Context): LongRunning {
  const models = modelSettings(ctx.models);
  const login = pgvector.login(ctx);
  const connection = pgvector.connection(ctx);
  const metricsPath = generated(ctx, "metrics-path", "metrics-path");
  return {
    ...serviceDefaults,
    name: "fastapi",
    role: "api",
    image: pythonApp("myrag-api", "systems/myrag/api"),
    user: "10001:10001",
    environment: {
      ...models.environment,
      POSTGRES_HOST: connection.host,
      POSTGRES_PORT: String(connection.port),
      ...sslVariables(connection),
      POSTGRES_DB: pgvector.database(ctx).name,
      POSTGRES_USER: userName(login),
      POSTGRES_PASSWORD_FILE: secretPath(login.password),
      METRICS_PATH_FILE: secretPath(metricsPath),
    },
    files: [...models.files, secretFile(login.password), ...connection.files, secretFile(metricsPath)],
    outside: callsProvider(ctx.models),
    volumes: [{ volume: "fastapi_data", path: "/data" }],
    // Its entrypoint runs the migrations before it starts the server.
    healthcheck: Healthcheck.python("/api/health", 8000, { startPeriod: "2m" }),
    uploadPaths: ["/api/documents"],
    access: [asks("/api/query"), uploadsTo("/api/documents")],
    blackbox: { module: "http_2xx", port: 8000, path: "/api/health" },
    readiness: { port: 8000, path: "/api/ready" },
    metrics: { port: 8000, path: content`/${metricsPath}` },
    limits: { cpus: 1, memory: ctx.prod ? "1GiB" : "768MiB" },
    dependsOn: [pgvector.name],
    stopGracePeriod: "30s",
    alerts: [emptyRetrievalsHigh, ingestionFailing],
    databaseConnections: 10,
  };
}

function streamlit(ctx: Context): LongRunning {
  const source = { source: "systems/myrag/ui", target: "/app", readOnly: true };
  return {
    ...serviceDefaults,
    name: "streamlit",
    role: "ui",
    image: pythonApp("myrag-ui", "systems/myrag/ui"),
    user: "10001:10001",
    tmpfs: ["/tmp"],
    calls: ctx.settings.ingress.signIn ? ["nginx"] : [],
    environment: { API_URL: ctx.settings.ingress.signIn ? "http://nginx:8080" : "http://fastapi:8000" },
    mounts: ctx.prod ? [] : [source],
    healthcheck: Healthcheck.python("/_stcore/health", 8501, { startPeriod: "1m" }),
    uploadPaths: [streamlitUploads],
    access: [streamlitAccess],
    blackbox: { module: "http_2xx", port: 8501, path: "/_stcore/health" },
    limits: { cpus: 1, memory: "512MiB" },
    dependsOn: ["fastapi"],
  };
}
