import { hasService, type MonitoredService, type MonitoringOptions, ofRole } from "../types.ts";
import { type Alert, type AlertGroup, bounds } from "./alert.ts";

/** Whether what is stored could be had again. Their series come by way of node-exporter: cli/data/report.ts. */
export function backupAlerts(
  services: readonly MonitoredService[],
  { prod }: MonitoringOptions,
): AlertGroup[] {
  if (!hasService(services, "node-exporter") || !ofRole(services, "postgres")) return [];
  return [{ name: "backups", alerts: [backup(prod), drill(prod)] }];
}

/** In production one that was never made is too old as well. */
const tooOld = (metric: string, seconds: number, prod: boolean): string =>
  `time() - ${metric} > ${seconds}${prod ? ` or absent(${metric})` : ""}`;

const backup = (prod: boolean): Alert => ({
  name: "BackupTooOld",
  severity: "critical",
  expr: tooOld("ragdock_backup_last_success_timestamp_seconds", bounds.backupAge, prod),
  holds: "1h",
  summary: "There is no backup of the last day",
  description: "What is lost now has been lost since the last one; `make backups` shows how old that is.",
  runbook:
    "Run `make backup` and read what it says; then see why the host's cron did not (docs/guide/backup.md).",
});

const drill = (prod: boolean): Alert => ({
  name: "DrillTooOld",
  severity: "warning",
  expr: tooOld("ragdock_backup_last_drill_success_timestamp_seconds", bounds.drillAge, prod),
  holds: "1h",
  summary: "No backup has been restored on trial for over a week",
  description: "Whether the backups can be restored is not known until one has been.",
  runbook: "Run `make drill`. If it fails, make another backup and try that one.",
});
