import { stringify } from "yaml";
import type { Alert } from "../config/spec/monitoring.ts";
import type { ServiceSpec } from "../config/spec/service.ts";
import { mebibytes } from "../config/spec/units.ts";
import { alertGroups } from "./alerts/index.ts";

/** The rule file: the services' memory limits as series, and the alerts. */
export function renderRules(services: readonly ServiceSpec[]): string {
  const groups = [
    { name: "limits", rules: services.map(memoryLimit) },
    ...alertGroups(services).map(({ name, alerts }) => ({ name, rules: alerts.map(alertRule) })),
  ];
  return stringify({ groups }, { lineWidth: 0 });
}

/**
 * `ragdock:memory_limit_bytes{service}`: alerts and dashboards compare a service's memory with it.
 */
const memoryLimit = ({ name, limits }: ServiceSpec) => ({
  record: "ragdock:memory_limit_bytes",
  expr: `vector(${mebibytes(limits.memory) * 2 ** 20})`,
  labels: { service: name },
});

const alertRule = ({ name, severity, expr, holds, summary, description, runbook }: Alert) => ({
  alert: name,
  expr,
  ...(holds === undefined ? {} : { for: holds }),
  labels: { severity },
  annotations: { summary, description, runbook },
});
