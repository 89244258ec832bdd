import type { Row } from "../../config/spec/monitoring.ts";
import { longRunning, type ServiceSpec } from "../../config/spec/service.ts";
import { scrapesRole } from "../options.ts";
import { type Dashboard, toGrafana } from "./grafana.ts";
import { overviewRows } from "./overview.ts";
import { ragRows } from "./rag.ts";

const titles = {
  overview: "Overview",
  rag: "RAG pipeline",
  stores: "Stores",
  host: "Host and containers",
} as const satisfies Record<Row["board"], string>;

/** The dashboards that have panels for these services. */
function dashboards(services: readonly ServiceSpec[]): Dashboard[] {
  const rows = [
    ...overviewRows(services),
    ...(scrapesRole(services, "api") ? ragRows : []),
    ...longRunning(services).flatMap((service) => service.rows ?? []),
  ];
  return (Object.keys(titles) as Row["board"][])
    .map((board) => ({ board, title: titles[board], rows: rows.filter((row) => row.board === board) }))
    .filter((dashboard) => dashboard.rows.length > 0);
}

/** Grafana's dashboards as files: name to JSON. */
export const renderDashboards = (services: readonly ServiceSpec[]): Record<string, string> =>
  Object.fromEntries(dashboards(services).map((d) => [`${d.board}.json`, toGrafana(d)]));

/** Every query of every panel, so that a test can send them to a live Prometheus. */
export const dashboardQueries = (services: readonly ServiceSpec[]) =>
  dashboards(services).flatMap(({ title: dashboard, rows }) =>
    rows.flatMap((row) =>
      row.panels.flatMap((panel) =>
        panel.queries.map(({ expr }) => ({ dashboard, panel: `${row.title}: ${panel.title}`, expr })),
      ),
    ),
  );
