import { api, migrations, ownApp, ui, worker } from "../services/app.ts";
import type { Context, Draft } from "../services/draft.ts";
import { gateway, gatewayExporter } from "../services/gateway.ts";
import { alertmanager, exporters, grafana, prometheus } from "../services/monitoring.ts";
import { chroma, postgres, redis } from "../services/stores.ts";

/** The whole RAG service: gateway, UI, API, worker, stores, metrics, alerts. */
export function full(ctx: Context): Draft[] {
  const { app, vectorStore } = ctx.settings;
  const application = app
    ? [ownApp(ctx, app), gateway(ctx, [{ path: "/", service: "api", port: app.port }])]
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
    ...(vectorStore === "chroma" ? [chroma(ctx)] : []),
    ...application,
    prometheus(ctx),
    alertmanager(ctx),
    grafana(ctx),
    ...exporters(),
    gatewayExporter(),
  ];
}
