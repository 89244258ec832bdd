import { isScraped, type MonitoredService, type MonitoringOptions } from "../types.ts";
import { type AlertGroup, bounds } from "./alert.ts";

/** Whether every service is there, answers, and keeps within its memory. */
export function serviceAlerts(services: readonly MonitoredService[], options: MonitoringOptions): AlertGroup {
  return {
    name: "services",
    alerts: [
      {
        name: "TargetDown",
        severity: "critical",
        expr: [`up{job!~"probe-.+"} == 0`, ...services.filter(isReplicated).map(gone)].join("\nor "),
        holds: "2m",
        summary: "{{ $labels.service }} gives no metrics",
        description:
          "Prometheus has not reached the metrics of {{ $labels.service }} {{ $labels.instance }} for two minutes: " +
          "its container is down, restarting, or on another network.",
        runbook:
          "See `make status` and `make logs SERVICE={{ $labels.service }}`. Exit code 137 is the memory limit: raise " +
          "it. When the service itself works, look at the target's error on Prometheus' Targets page.",
      },
      {
        name: "ServiceUnhealthy",
        severity: "critical",
        expr: "probe_success == 0",
        holds: "1m",
        summary: "{{ $labels.service }} does not answer",
        description:
          "{{ $labels.service }} has not answered at {{ $labels.instance }} for a minute. Docker restarts a container " +
          "that exits, not one that is unhealthy, so this does not mend itself.",
        runbook:
          "Read `make logs SERVICE={{ $labels.service }}` for the cause, then `docker restart` its container. If it " +
          "waits for a store, start with the store.",
      },
      {
        name: "MemoryNearLimit",
        severity: "warning",
        expr: `max by (service) (${memoryMetric(options)}) / on (service) ragdock:memory_limit_bytes > ${bounds.memory}`,
        holds: "5m",
        summary: "{{ $labels.service }} is near its memory limit",
        description:
          "{{ $labels.service }} uses {{ $value | humanizePercentage }} of its memory limit. Beyond it the kernel kills " +
          "the process (exit code 137) and what it was doing is lost.",
        runbook:
          "Raise `services.{{ $labels.service }}.limits.memory` in the stack's settings. If it grows without end at an even " +
          "load, it leaks: restart it and report that.",
      },
    ],
  };
}

/** The metric that says how much of its limit a service has used. */
export function memoryMetric(options: MonitoringOptions): string {
  return options.containerMetrics ? "container_memory_working_set_bytes" : "process_resident_memory_bytes";
}

function isReplicated(service: MonitoredService): boolean {
  return isScraped(service) && service.metrics.replicas > 1;
}

/** Replicas are found by name: when the last has gone, no target is left whose `up` could be 0. */
function gone({ name }: MonitoredService): string {
  return `absent(up{service="${name}"})`;
}
