import { realTraffic } from "../queries.ts";
import { type MonitoredService, scrapesRole } from "../types.ts";
import { type AlertGroup, bounds } from "./alert.ts";

/** Whether questions are answered, in time and from something, and documents get in. */
export function ragAlerts(services: readonly MonitoredService[]): AlertGroup[] {
  if (!scrapesRole(services, "api")) return [];
  return [
    { name: "api", alerts: apiAlerts },
    { name: "rag", alerts: pipelineAlerts },
  ];
}

const apiAlerts: AlertGroup["alerts"] = [
  {
    name: "HighErrorRate",
    severity: "critical",
    expr:
      `sum by (service) (rate(http_requests_total{${realTraffic},status=~"5.."}[5m]))\n` +
      `/ sum by (service) (rate(http_requests_total{${realTraffic}}[5m])) > ${bounds.errorRatio}`,
    holds: "5m",
    summary: "{{ $labels.service }} answers {{ $value | humanizePercentage }} of requests with an error",
    description:
      "More than a twentieth of the requests to {{ $labels.service }} have failed with a 5xx for five minutes.",
    runbook:
      "The panel `Errors by route` says which requests. 503 means that a store or the model's provider cannot be " +
      "reached: see their alerts first. 500 is a defect: its trace is in `make logs SERVICE={{ $labels.service }}`.",
  },
  {
    name: "HighLatencyP95",
    severity: "warning",
    expr:
      `histogram_quantile(0.95, sum by (service, le) ` +
      `(rate(http_request_duration_seconds_bucket{${realTraffic}}[5m]))) > ${bounds.latencyP95}`,
    holds: "10m",
    summary: "{{ $labels.service }} is slow: 95 % of requests within {{ $value | humanizeDuration }}",
    description:
      "One request in twenty has taken longer than the bound for ten minutes, language model included.",
    runbook:
      "The panel `Stages, p95` shows where the time goes. Embedding or the model: the provider, or the CPU limit. " +
      "Search: the vector index (does it fit into memory?). All of them: more replicas of the API.",
  },
];

const pipelineAlerts: AlertGroup["alerts"] = [
  {
    name: "IngestionBacklog",
    severity: "warning",
    expr: `max(rag_queue_oldest_age_seconds) > ${bounds.queueAge}`,
    holds: "5m",
    summary: "Documents have waited {{ $value | humanizeDuration }} for ingestion",
    description:
      "The oldest document in the queue should have been ingested long ago: the worker is down, stuck, or too slow.",
    runbook:
      "See `make status` and `make logs SERVICE=worker`. If it works and the queue still grows, add replicas of the " +
      "worker. Uploaded documents are safe: they are in the database until they are done.",
  },
  {
    name: "IngestionFailing",
    severity: "warning",
    expr: 'sum(increase(rag_ingestions_total{outcome="failed"}[30m])) > 0',
    summary: "Documents could not be ingested",
    description:
      "{{ $value | humanize }} ingestions failed within half an hour. The documents are kept, marked as failed.",
    runbook:
      "Each document's error is in the list of documents and in `make logs SERVICE=worker`. A broken file: delete it. " +
      "The provider or a store: mend that, then ask for the documents to be ingested again.",
  },
  {
    name: "EmptyRetrievalsHigh",
    severity: "warning",
    // Ten questions at least: one odd question among two is no trend.
    expr:
      "sum(increase(rag_empty_retrievals_total[30m])) / sum(increase(rag_retrieved_chunks_count[30m])) " +
      `> ${bounds.emptyRatio}\nand sum(increase(rag_retrieved_chunks_count[30m])) >= 10`,
    holds: "15m",
    summary: "{{ $value | humanizePercentage }} of the questions find nothing",
    description:
      "Almost a third of the questions retrieve no chunk at all, so that their answers rest on nothing.",
    runbook:
      "Are there documents at all (panel `Documents`)? If the number fell to 0, look for a lost volume or a new vector " +
      "space. Otherwise the similarity threshold is too strict, or people ask for what was never ingested.",
  },
];
