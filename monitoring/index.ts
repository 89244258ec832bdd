/** Everything that observes a stack, derived from the list of its services: pure functions. */
export { renderAlertmanager } from "./alertmanager.ts";
export { alertGroups } from "./alerts/index.ts";
export { renderBlackbox } from "./blackbox.ts";
export { dashboardQueries, renderDashboards } from "./dashboards/index.ts";
export { isChecked, isScraped, type MonitoringOptions } from "./options.ts";
export { renderPrometheus } from "./prometheus.ts";
export { renderGrafanaProvisioning } from "./provisioning.ts";
export { renderRules } from "./rules.ts";
