import type { Alert } from "../../config/spec/monitoring.ts";
import type { ServiceSpec } from "../../config/spec/service.ts";
import { cpuMetric, hasService, starts } from "../options.ts";
import { freeDisk } from "../records.ts";

/** The share of a CPU limit. Above it, requests wait for the CPU. */
const cpuBound = 0.9;

/** As many as a container that stays unhealthy gets by default. A deployment is one. */
const restarts = 3;

/** Alerts on restarts, CPU, and what fills the disk. */
export const resourceAlerts = (services: readonly ServiceSpec[]): Alert[] => [
  {
    name: "ServiceRestarting",
    severity: "warning",
    expr: `${starts(services)} >= ${restarts}`,
    summary: "{{ $labels.service }} was started {{ $value }} times within an hour",
    description:
      "{{ $labels.service }} ends again and again, or stays unhealthy and is restarted. Requests to it fail meanwhile.",
    runbook:
      "`make health` says how often its health check restarted it. Read `make logs SERVICE={{ $labels.service }}`: a restart " +
      "for its health has a line that begins with `ragdock:`. Exit code 137 without such a line is the memory limit.",
  },
  {
    name: "CpuNearLimit",
    severity: "warning",
    expr: `max by (service) (rate(${cpuMetric(services)}[5m])) / on (service) ragdock:cpu_limit_cores > ${cpuBound}`,
    holds: "15m",
    summary: "{{ $labels.service }} uses {{ $value | humanizePercentage }} of its CPU limit",
    description: "For 15 minutes {{ $labels.service }} has had as much to do as its CPU limit permits.",
    runbook:
      "Raise `services.{{ $labels.service }}.limits.cpus` or its replicas if answers are slow. A worker with a long queue " +
      "may use all of its limit.",
  },
  ...(hasService(services, "node-exporter") ? diskAlerts : []),
];

const diskAlerts: readonly Alert[] = [
  {
    name: "VolumeFillsDisk",
    severity: "warning",
    expr: `predict_linear(ragdock:volume_bytes[6h], 86400) - ragdock:volume_bytes > on () group_left () ${freeDisk}`,
    holds: "1h",
    summary: "The data of {{ $labels.service }} fills the disk within a day",
    description:
      "If the data of {{ $labels.service }} grows as in the last six hours, the disk is full within a day.",
    runbook:
      "`make status` shows the sizes of the volumes. Find out what writes: `make health`, and the panel `Data in volumes`. " +
      "Prometheus keeps less with `monitoring.retention`. Else give Docker a larger disk.",
  },
  {
    name: "LogsMayFillDisk",
    severity: "warning",
    expr: `sum(ragdock:log_limit_bytes) > ${freeDisk}`,
    holds: "10m",
    summary: "The logs may grow to {{ $value | humanize1024 }}B, which is more than the disk has left",
    description: "Docker rotates the log of each container. All logs together may need more than is free.",
    runbook:
      "Lower `services.<name>.logs.maxSize` or `maxFiles` in the stack's settings, or free disk space.",
  },
];
