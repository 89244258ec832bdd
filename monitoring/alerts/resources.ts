import type { Alert } from "../../config/spec/monitoring.ts";
import type { ServiceSpec } from "../../config/spec/service.ts";
import { cpuMetric, hasService, starts } from "../options.ts";
import { freeDisk } from "../records.ts";

/** The share of a CPU limit above which an alert fires. Above it, requests wait for the CPU. */
const cpuBound = 0.9;

/**
 * The same number as the default limit for restarts of an unhealthy container. A deployment is one.
 */
const restarts = 3;

/** Alerts on restarts, CPU, and what fills the disk. */
export const resourceAlerts = (services: readonly ServiceSpec[]): Alert[] => [
  {
    name: "ServiceRestarting",
    severity: "warning",
    expr: `${starts(services)} >= ${restarts}`,
    summary: "{{ $labels.service }} was started {{ $value }} times within an hour",
    description:
      "{{ $labels.service }} ends repeatedly, or stays unhealthy and is restarted. Requests to it fail during that time.",
    runbook:
      "`make health` shows how often it was restarted because it was unhealthy. Read `make logs SERVICE={{ $labels.service }}`: " +
      "each such restart has a line that begins with `ragdock:`. Exit code 137 without such a line is the memory limit.",
  },
  {
    name: "CpuNearLimit",
    severity: "warning",
    expr: `max by (service) (rate(${cpuMetric(services)}[5m])) / on (service) ragdock:cpu_limit_cores > ${cpuBound}`,
    holds: "15m",
    summary: "{{ $labels.service }} uses {{ $value | humanizePercentage }} of its CPU limit",
    description: "For 15 minutes {{ $labels.service }} has used all the CPU time that its limit permits.",
    runbook:
      "Raise `services.{{ $labels.service }}.limits.cpus` or its replicas if answers are slow. A worker with a long queue " +
      "may use its whole limit.",
  },
  ...(hasService(services, "node-exporter") ? diskAlerts : []),
];

const diskAlerts: readonly Alert[] = [
  {
    name: "VolumeFillsDisk",
    severity: "warning",
    expr: `predict_linear(ragdock:volume_bytes[6h], 86400) - ragdock:volume_bytes > on () group_left () ${freeDisk}`,
    holds: "1h",
    summary: "The data of {{ $labels.service }} will fill the disk within a day",
    description:
      "If the data of {{ $labels.service }} keeps growing as in the last six hours, the disk will be full within a day.",
    runbook:
      "`make status` shows the sizes of the volumes. Find out which service writes: `make health`, and the panel `Data in volumes`. " +
      "Set a shorter `monitoring.retention` to keep less data in Prometheus. Otherwise give Docker a larger disk.",
  },
  {
    name: "LogsMayFillDisk",
    severity: "warning",
    expr: `sum(ragdock:log_limit_bytes) > ${freeDisk}`,
    holds: "10m",
    summary: "The logs may grow to {{ $value | humanize1024 }}B, which is more than the disk has left",
    description:
      "Docker rotates the log of each container. The logs of all containers together may need more space than is free.",
    runbook:
      "Lower `services.<name>.logs.maxSize` or `maxFiles` in the stack's settings, or free disk space.",
  },
];
