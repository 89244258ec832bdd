import type { Alert } from "../../config/spec/monitoring.ts";
import { realTraffic } from "../../config/spec/promql.ts";

/**
 * About the ratio at which the burn rates of Google's SRE workbook page someone, for an objective
 * of 99 %.
 */
const errorRatio = 0.05;

/**
 * Seconds. An answer by a language model takes several seconds, a retrieval alone much less than
 * one.
 */
const latencyP95 = 10;

/** Alerts on errors and slow answers of an API. */
export const apiAlerts: readonly Alert[] = [
  {
    name: "HighErrorRate",
    severity: "critical",
    expr:
      `sum by (service) (rate(http_requests_total{${realTraffic},status=~"5.."}[5m]))\n` +
      `/ sum by (service) (rate(http_requests_total{${realTraffic}}[5m])) > ${errorRatio}`,
    holds: "5m",
    summary: "{{ $labels.service }} answers {{ $value | humanizePercentage }} of requests with an error",
    description:
      "More than 5 % of the requests to {{ $labels.service }} have failed with a 5xx for five minutes.",
    runbook:
      "The panel `Errors by route` shows which requests. 503 means that a store or the model's provider cannot be " +
      "reached: see their alerts first. 500 is a defect in the application: its stack trace is in `make logs SERVICE={{ $labels.service }}`.",
  },
  {
    name: "HighLatencyP95",
    severity: "warning",
    expr:
      `histogram_quantile(0.95, sum by (service, le) ` +
      `(rate(http_request_duration_seconds_bucket{${realTraffic}}[5m]))) > ${latencyP95}`,
    holds: "10m",
    summary: "{{ $labels.service }} is slow: 95 % of requests within {{ $value | humanizeDuration }}",
    description:
      "For ten minutes, 5 % of the requests have taken longer than the bound, including the time of the language model.",
    runbook:
      "The panel `Stages, p95` shows where the time goes. If it is embedding or the model, check the provider or the CPU limit. " +
      "If it is search, check whether the vector index fits into memory. If it is all stages, add replicas of the API.",
  },
];
