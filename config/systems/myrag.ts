import { Probe } from "../probe.ts";
import type { LongRunning } from "../service.ts";
import { userOf } from "../services/access.ts";
import { pythonBases } from "../services/app.ts";
import { type Context, common, type Draft, on } from "../services/draft.ts";
import { secret, secretFile } from "../services/files.ts";
import { gateway } from "../services/gateway.ts";
import { modelSettings } from "../services/models.ts";
import { grafana, nodeExporter, postgresExporter, prometheus } from "../services/monitoring.ts";
import { database, postgres } from "../services/stores.ts";
import type { System } from "./system.ts";

/** A FastAPI and a Streamlit application behind nginx, over pgvector, watched by Prometheus and Grafana. */
export const myrag: System = {
  about:
    "FastAPI and Streamlit behind nginx, over PostgreSQL with pgvector, watched by Prometheus and Grafana.",
  differs: [
    "lxml is not compiled: the readers of the stand-in application need none. BUILD_PACKAGES adds compilers to its build.",
  ],
  networks: { backend: { internal: false } },
  models: {},
  anyPostgres: true,
  services: (ctx) =>
    on(
      ["backend"],
      [
        pgvector(ctx),
        fastapi(ctx),
        streamlit(ctx),
        nginx(ctx),
        { ...prometheus(ctx), volumes: [{ volume: "prometheus_data", path: "/prometheus" }] },
        { ...grafana(ctx), volumes: [{ volume: "grafana_data", path: "/var/lib/grafana" }] },
        published(ctx, nodeExporter(), 9100),
        published(ctx, postgresExporter(ctx, "pgvector"), 9187),
      ],
    ),
};

/** A port for a developer's own tools: on this host in dev, nowhere in production unless it is asked for. */
function published(ctx: Context, service: LongRunning, port: number): LongRunning {
  return {
    ...service,
    endpoint: { container: port, host: port, exposure: ctx.prod ? "none" : "loopback" },
  };
}

function pgvector(ctx: Context): Draft {
  return published(ctx, postgres(ctx, "pgvector", "pgvector"), database.port);
}

function fastapi(ctx: Context): LongRunning {
  const models = modelSettings(ctx.models);
  return {
    ...common,
    name: "fastapi",
    role: "api",
    kind: "stateless",
    image: {
      from: "build",
      name: "myrag-api",
      context: "systems/myrag/api",
      dockerfile: "systems/myrag/api/Dockerfile",
      bases: pythonBases,
    },
    user: "10001:10001",
    networks: [],
    environment: {
      ...models.environment,
      POSTGRES_HOST: "pgvector",
      POSTGRES_PORT: String(database.port),
      POSTGRES_DB: database.name,
      POSTGRES_USER: userOf(ctx, "postgres"),
      POSTGRES_PASSWORD_FILE: "/run/secrets/postgres-password",
      METRICS_PATH_FILE: "/run/secrets/metrics-path",
    },
    files: [...models.files, secretFile("postgres-password"), secretFile("metrics-path")],
    volumes: [{ volume: "fastapi_data", path: "/data" }],
    // The migrations run before it serves, in its entrypoint.
    probe: Probe.python("/api/health", 8000, { startPeriod: "2m" }),
    check: { module: "http_2xx", port: 8000, path: "/api/health" },
    metrics: { port: 8000, path: `/${secret("metrics-path")}` },
    limits: { cpus: 1, memory: ctx.prod ? "1GiB" : "768MiB" },
    after: ["pgvector"],
    stopGrace: "30s",
    databaseConnections: 10,
  };
}

function streamlit(ctx: Context): LongRunning {
  const source = { source: "systems/myrag/ui", target: "/app", readOnly: true };
  return {
    ...common,
    name: "streamlit",
    role: "ui",
    kind: "stateless",
    image: {
      from: "build",
      name: "myrag-ui",
      context: "systems/myrag/ui",
      dockerfile: "systems/myrag/ui/Dockerfile",
      bases: pythonBases,
    },
    user: "10001:10001",
    networks: [],
    environment: { API_URL: "http://fastapi:8000" },
    mounts: ctx.prod ? [] : [source],
    probe: Probe.python("/_stcore/health", 8501, { startPeriod: "1m" }),
    check: { module: "http_2xx", port: 8501, path: "/_stcore/health" },
    limits: { cpus: 1, memory: "512MiB" },
    after: ["fastapi"],
  };
}

function nginx(ctx: Context): LongRunning {
  const routes = [
    { path: "/api/", service: "fastapi", port: 8000 },
    { path: "/", service: "streamlit", port: 8501 },
  ];
  const { endpoint, ...rest } = gateway(ctx, routes);
  return { ...rest, name: "nginx", ...(endpoint ? { endpoint: { ...endpoint, host: 80 } } : {}) };
}
