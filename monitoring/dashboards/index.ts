import type { MonitoredService, MonitoringOptions } from "../types.ts";
import { scrapesRole } from "../types.ts";
import { toGrafana } from "./grafana.ts";
import { host } from "./host.ts";
import type { Dashboard } from "./model.ts";
import { overview } from "./overview.ts";
import { rag } from "./rag.ts";
import { stores } from "./stores.ts";

/** The dashboards that have anything to show for these services. */
export function dashboards(services: readonly MonitoredService[], options: MonitoringOptions): Dashboard[] {
  const all = [
    overview(services, options),
    ...(scrapesRole(services, "api") ? [rag] : []),
    stores(services, options),
    host(services, options),
  ];
  return all.filter((dashboard) => dashboard.rows.length > 0);
}

/** Grafana's dashboards as files: name to JSON. */
export function renderDashboards(
  services: readonly MonitoredService[],
  options: MonitoringOptions,
): Record<string, string> {
  return Object.fromEntries(dashboards(services, options).map((d) => [d.file, toGrafana(d)]));
}

/** One query of one panel. */
export interface DashboardQuery {
  readonly dashboard: string;
  readonly panel: string;
  readonly expr: string;
}

/** Every query of every panel, so that a test can put them to a live Prometheus. */
export function dashboardQueries(
  services: readonly MonitoredService[],
  options: MonitoringOptions,
): DashboardQuery[] {
  return dashboards(services, options).flatMap(({ title: dashboard, rows }) =>
    rows.flatMap((row) =>
      row.panels.flatMap((panel) =>
        panel.queries.map(({ expr }) => ({ dashboard, panel: `${row.title}: ${panel.title}`, expr })),
      ),
    ),
  );
}
