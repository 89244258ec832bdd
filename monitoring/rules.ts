import { stringify } from "yaml";
import type { Alert } from "../config/spec/monitoring.ts";
import type { ServiceSpec } from "../config/spec/service.ts";
import { alertGroups } from "./alerts/index.ts";
import { cpuLimit, logLimit, memoryLimit, volumeSizes } from "./records.ts";

/** The rule file: the services' limits and sizes as series, and the alerts. */
export function renderRules(services: readonly ServiceSpec[]): string {
  const sizes = volumeSizes(services);
  const groups = [
    { name: "limits", rules: [memoryLimit, cpuLimit, logLimit].flatMap((limit) => services.map(limit)) },
    ...(sizes.length > 0 ? [{ name: "sizes", rules: sizes }] : []),
    ...alertGroups(services).map(({ name, alerts }) => ({ name, rules: alerts.map(alertRule) })),
  ];
  return stringify({ groups }, { lineWidth: 0 });
}

const alertRule = ({ name, severity, expr, holds, summary, description, runbook }: Alert) => ({
  alert: name,
  expr,
  ...(holds === undefined ? {} : { for: holds }),
  labels: { severity },
  annotations: { summary, description, runbook },
});
