import { stringify } from "yaml";
import type { Alert, AlertGroup } from "./alerts/alert.ts";
import { backupAlerts } from "./alerts/backups.ts";
import { hostAlerts } from "./alerts/host.ts";
import { monitoringAlerts } from "./alerts/monitoring.ts";
import { ragAlerts } from "./alerts/rag.ts";
import { serviceAlerts } from "./alerts/services.ts";
import { storeAlerts } from "./alerts/stores.ts";
import type { MonitoredService, MonitoringOptions } from "./types.ts";

/** Every alert that makes sense for these services. */
export function alertGroups(services: readonly MonitoredService[], options: MonitoringOptions): AlertGroup[] {
  return [
    serviceAlerts(services, options),
    ...ragAlerts(services),
    ...storeAlerts(services, options),
    ...backupAlerts(services, options),
    ...hostAlerts(services),
    monitoringAlerts(services),
  ];
}

/** The rule file: the services' memory limits as series, and the alerts. */
export function renderRules(services: readonly MonitoredService[], options: MonitoringOptions): string {
  const groups = [
    { name: "limits", rules: memoryLimits(services) },
    ...alertGroups(services, options).map(({ name, alerts }) => ({ name, rules: alerts.map(alertRule) })),
  ];
  return stringify({ groups }, { lineWidth: 0 });
}

/** `ragdock:memory_limit_bytes{service}`: what alerts and dashboards compare a service's memory with. */
function memoryLimits(services: readonly MonitoredService[]) {
  return services.flatMap(({ name, memoryLimitBytes }) =>
    memoryLimitBytes === undefined
      ? []
      : [
          {
            record: "ragdock:memory_limit_bytes",
            expr: `vector(${memoryLimitBytes})`,
            labels: { service: name },
          },
        ],
  );
}

function alertRule({ name, severity, expr, holds, summary, description, runbook }: Alert) {
  return {
    alert: name,
    expr,
    ...(holds === undefined ? {} : { for: holds }),
    labels: { severity },
    annotations: { summary, description, runbook },
  };
}
