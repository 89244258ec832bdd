import type { Alert } from "../../config/spec/monitoring.ts";
import type { ServiceSpec } from "../../config/spec/service.ts";
import { isScraped, memoryMetric } from "../options.ts";
import { resourceAlerts } from "./resources.ts";

/**
 * The share of a memory limit above which an alert fires. At 1 the kernel kills the process (exit
 * code 137).
 */
const memoryBound = 0.9;

/**
 * The series of a metric that are 0 now, and were 1 within the last hour or 0 five minutes ago. So
 * during the first deployment, a service that has never answered has five minutes to start.
 */
const lost = (metric: string): string =>
  [
    `(${metric} == 0 and max_over_time(${metric}[1h]) == 1)`,
    `(${metric} == 0 and ${metric} offset 5m == 0)`,
  ].join("\nor ");

/** Alerts on services that are down, do not answer, or are near their memory limit. */
export const serviceAlerts = (services: readonly ServiceSpec[]): Alert[] => [
  {
    name: "TargetDown",
    severity: "critical",
    expr: [
      lost('up{job!~"probe-.+"}'),
      // Replicas are found by name. If all are gone, no target remains whose `up` could be 0.
      ...services
        .filter((s) => isScraped(s) && s.replicas > 1)
        .map(({ name }) => `absent(up{service="${name}"})`),
    ].join("\nor "),
    holds: "2m",
    summary: "{{ $labels.service }} does not serve metrics",
    description:
      "Prometheus has not reached the metrics of {{ $labels.service }} {{ $labels.instance }} for two minutes: " +
      "its container is down, restarting, or on another network.",
    runbook:
      "See `make status` and `make logs SERVICE={{ $labels.service }}`. Exit code 137 is the memory limit: raise " +
      "it. If the service itself works, look at the target's error on Prometheus' Targets page.",
  },
  {
    name: "ServiceUnhealthy",
    severity: "critical",
    expr: lost("probe_success"),
    holds: "1m",
    summary: "{{ $labels.service }} does not answer",
    description:
      "{{ $labels.service }} has not answered at {{ $labels.instance }} for a minute. An application that stays " +
      "unhealthy for five minutes is restarted, at most three times. A store is never restarted.",
    runbook:
      "Read `make logs SERVICE={{ $labels.service }}` for the cause, then run `make restart SERVICE={{ $labels.service }}`. " +
      "If it waits for a store, look at the store first.",
  },
  {
    name: "MemoryNearLimit",
    severity: "warning",
    expr: `max by (service) (${memoryMetric(services)}) / on (service) ragdock:memory_limit_bytes > ${memoryBound}`,
    holds: "5m",
    summary: "{{ $labels.service }} is near its memory limit",
    description:
      "{{ $labels.service }} uses {{ $value | humanizePercentage }} of its memory limit. Above the limit the kernel kills " +
      "the process (exit code 137). Its unfinished work is then lost.",
    runbook:
      "Raise `services.{{ $labels.service }}.limits.memory` in the stack's settings. If the memory grows without end under a " +
      "steady load, it is a leak: restart the service and report it.",
  },
  ...resourceAlerts(services),
];
