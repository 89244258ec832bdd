import type { Alert } from "../../config/spec/monitoring.ts";
import { longRunning, type ServiceSpec } from "../../config/spec/service.ts";
import { scrapesRole } from "../options.ts";
import { apiAlerts } from "./api.ts";
import { serviceAlerts } from "./services.ts";

/** Alerts that belong together: a rule group in Prometheus. */
export interface AlertGroup {
  readonly name: string;
  readonly alerts: readonly Alert[];
}

/** The alerts for every service, those for every API, and those that services bring. */
export function alertGroups(services: readonly ServiceSpec[]): AlertGroup[] {
  const own = longRunning(services).flatMap(({ name, alerts = [] }) =>
    alerts.length > 0 ? [{ name, alerts }] : [],
  );
  return [
    { name: "services", alerts: serviceAlerts(services) },
    ...(scrapesRole(services, "api") ? [{ name: "requests", alerts: apiAlerts }] : []),
    ...own,
  ];
}
