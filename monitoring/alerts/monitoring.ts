import { hasService, type MonitoredService } from "../types.ts";
import type { Alert, AlertGroup } from "./alert.ts";

/** Whether the monitoring itself works. */
export function monitoringAlerts(services: readonly MonitoredService[]): AlertGroup {
  return {
    name: "monitoring",
    alerts: [...(hasService(services, "alertmanager") ? [undelivered] : []), ...always],
  };
}

const undelivered: Alert = {
  name: "AlertsNotDelivered",
  severity: "warning",
  expr: "sum(increase(alertmanager_notifications_failed_total[15m])) > 0",
  summary: "Alertmanager could not deliver alerts",
  description: "{{ $value | humanize }} notifications failed within a quarter of an hour: nobody was told.",
  runbook:
    "Read `make logs SERVICE=alertmanager`; check the webhook's address and that it is reachable from there.",
};

const always: readonly Alert[] = [
  {
    name: "PrometheusRuleFailures",
    severity: "warning",
    expr: "sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[5m])) > 0",
    summary: "Rules cannot be evaluated",
    description: "Rules of {{ $labels.rule_group }} failed within five minutes: their alerts cannot fire.",
    runbook: "Prometheus' Rules page shows the error. Two series where one is expected are the usual cause.",
  },
  {
    name: "Watchdog",
    severity: "none",
    expr: "vector(1)",
    summary: "Alerting works",
    description:
      "Fires all the time. When it stops arriving, the way from Prometheus to its receiver is broken.",
    runbook:
      "Nothing to do. A service that expects it regularly (a dead man's switch) tells when it is missing.",
  },
];
