import { api, migrations, ownApp, ui, worker } from "../services/app.ts";
import { gateway, gatewayExporter } from "../services/gateway.ts";
import {
  alertmanager,
  blackboxExporter,
  cadvisor,
  grafana,
  nodeExporter,
  postgresExporter,
  prometheus,
  redisExporter,
} from "../services/monitoring.ts";
import { chroma, postgres, redis } from "../services/stores.ts";
import type { System } from "./system.ts";

/** The whole RAG service: gateway, UI, API, worker, stores, metrics, alerts. */
export const full: System = {
  about: "The reference application behind one gateway, with its stores, metrics, dashboards and alerts.",
  networks: { frontend: { internal: false }, backend: { internal: true } },
  vectorStore: { allowed: ["pgvector", "chroma"], dev: "pgvector", prod: "pgvector" },
  models: {},
  takesApp: true,
  anyPostgres: true,
  services: (ctx) => {
    const { app } = ctx.settings;
    const application = app
      ? [
          ownApp(ctx, app),
          gateway(ctx, [
            {
              path: "/",
              service: "api",
              port: app.port,
              ...(app.metricsPath ? { hidden: app.metricsPath } : {}),
            },
          ]),
        ]
      : [
          migrations(ctx),
          api(ctx),
          worker(ctx),
          ui(ctx),
          gateway(ctx, [
            { path: "/api/", service: "api", port: 8000 },
            { path: "/", service: "ui", port: 8501 },
          ]),
        ];
    return [
      postgres(ctx),
      redis(ctx),
      ...(ctx.vectorStore === "chroma" ? [chroma(ctx)] : []),
      ...application,
      prometheus(ctx),
      alertmanager(ctx),
      grafana(ctx),
      nodeExporter(),
      postgresExporter(ctx, "postgres"),
      redisExporter(ctx),
      blackboxExporter(),
      cadvisor(),
      gatewayExporter(),
    ];
  },
};
