import { alertmanager } from "../services/alertmanager.ts";
import { blackboxExporter } from "../services/blackbox-exporter.ts";
import { cadvisor } from "../services/cadvisor.ts";
import { chroma } from "../services/chroma.ts";
import { gateway } from "../services/gateway.ts";
import { grafana } from "../services/grafana.ts";
import { neededStores } from "../services/needed-stores.ts";
import { nginxExporter } from "../services/nginx-exporter.ts";
import { nodeExporter } from "../services/node-exporter.ts";
import { ollama } from "../services/ollama.ts";
import { ownApp, ownRoutes } from "../services/own-app.ts";
import { hasOwnApps } from "../services/own-app-settings.ts";
import { postgres } from "../services/postgres.ts";
import { postgresExporter } from "../services/postgres-exporter.ts";
import { prometheus } from "../services/prometheus.ts";
import { redis } from "../services/redis.ts";
import { redisExporter } from "../services/redis-exporter.ts";
import { referenceApp } from "../services/reference-app.ts";
import type { System } from "./system.ts";

const stores = { postgres: postgres(), redis: redis() };

/** The whole RAG service: gateway, UI, API, worker, stores, metrics, alerts. */
export const full: System = {
  about: "The reference application behind one gateway, with its stores, metrics, dashboards and alerts.",
  vectorStore: { allowed: ["pgvector", "chroma"], dev: "pgvector", prod: "pgvector" },
  models: {},
  takesApp: true,
  anyPostgres: true,
  modules: [
    stores.postgres,
    stores.redis,
    chroma(),
    ...neededStores,
    ollama(),
    referenceApp(stores),
    ownApp(stores),
    gateway({
      metricsFor: "ui",
      routes: (ctx) =>
        hasOwnApps(ctx.settings)
          ? ownRoutes(ctx)
          : [
              { path: "/api/", service: "api", port: 8000 },
              { path: "/", service: "ui", port: 8501 },
            ],
    }),
    prometheus(),
    alertmanager({ publish: false }),
    grafana(),
    nodeExporter(),
    postgresExporter(stores.postgres),
    redisExporter(stores.redis),
    blackboxExporter,
    cadvisor,
    nginxExporter,
  ],
};
