import { realFilesystems } from "../queries.ts";
import { hasService, type MonitoredService } from "../types.ts";
import { type AlertGroup, bounds } from "./alert.ts";

/** Whether the machine underneath has room. */
export function hostAlerts(services: readonly MonitoredService[]): AlertGroup[] {
  if (!hasService(services, "node-exporter")) return [];
  return [{ name: "host", alerts }];
}

const alerts: AlertGroup["alerts"] = [
  {
    name: "HostDiskAlmostFull",
    severity: "critical",
    expr: `node_filesystem_avail_bytes{${realFilesystems}} / node_filesystem_size_bytes{${realFilesystems}} < ${bounds.free}`,
    holds: "10m",
    summary: "Disk {{ $labels.mountpoint }} has {{ $value | humanizePercentage }} left",
    description: "When the disk is full, PostgreSQL stops, Redis refuses writes, and images cannot be built.",
    runbook:
      "`docker system df` says what Docker holds; `docker image prune` and `docker builder prune` free what nothing " +
      "uses. Never prune volumes: they are the data. Then look at the size of the database.",
  },
  {
    name: "HostMemoryLow",
    severity: "warning",
    expr: `node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < ${bounds.free}`,
    holds: "5m",
    summary: "The host has {{ $value | humanizePercentage }} of its memory left",
    description: "With none left the kernel kills what it finds largest, and that is often the database.",
    runbook:
      "The panel `Memory` of each service says who uses it. Lower limits or replicas, or move to a larger host; " +
      "`make up` compares the sum of the limits with the host.",
  },
];
