/** Everything that watches a stack, derived from the list of its services: pure functions, no Pulumi. */
export { renderAlertmanager } from "./alertmanager.ts";
export { renderBlackbox } from "./blackbox.ts";
export { type DashboardQuery, dashboardQueries, renderDashboards } from "./dashboards/index.ts";
export { renderPrometheus } from "./prometheus.ts";
export { renderGrafanaProvisioning } from "./provisioning.ts";
export { alertGroups, renderRules } from "./rules.ts";
export type { BlackboxModule as ProbeModule, MonitoredService, MonitoringOptions } from "./types.ts";
