import type { Alert } from "../../config/spec/monitoring.ts";
import { realTraffic } from "../../config/spec/promql.ts";

/** Google's SRE workbook pages at burn rates that come to about this ratio for an objective of 99 %. */
const errorRatio = 0.05;

/** Seconds. An answer written by a language model takes some of them, a retrieval alone far less than one. */
const latencyP95 = 10;

/** Seconds that a document may wait for the worker. */
const queueAge = 900;

/** Share of questions without any chunk found. */
const emptyRatio = 0.3;

/** Questions are answered, and in time. */
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
      "reached: see their alerts first. 500 is a defect: its trace is in `make logs SERVICE={{ $labels.service }}`.",
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
      "For ten minutes 5 % of the requests have taken longer than the bound, language model included.",
    runbook:
      "The panel `Stages, p95` shows where the time goes. Embedding or the model: the provider, or the CPU limit. " +
      "Search: does the vector index fit into memory? All of them: add replicas of the API.",
  },
];

/** Documents are ingested, and questions find something. */
export const ragAlerts: readonly Alert[] = [
  {
    name: "IngestionBacklog",
    severity: "warning",
    expr: `max(rag_queue_oldest_age_seconds) > ${queueAge}`,
    holds: "5m",
    summary: "Documents have waited {{ $value | humanizeDuration }} for ingestion",
    description:
      "The oldest document in the queue should have been ingested long ago: the worker is down, stuck, or too slow.",
    runbook:
      "See `make status` and `make logs SERVICE=worker`. If the worker works and the queue still grows, add replicas of it. " +
      "Uploaded documents are safe: they stay in the database until they are done.",
  },
  {
    name: "IngestionFailing",
    severity: "warning",
    expr: 'sum(increase(rag_ingestions_total{outcome="failed"}[30m])) > 0',
    summary: "Documents could not be ingested",
    description:
      "{{ $value | humanize }} ingestions failed within 30 minutes. The documents are kept and marked as failed.",
    runbook:
      "The list of documents and `make logs SERVICE=worker` show each error. Delete a broken file. If the provider or a " +
      "store failed, fix that, then ask for the documents to be ingested again.",
  },
  {
    name: "EmptyRetrievalsHigh",
    severity: "warning",
    // At least ten questions: one odd question out of two is no trend.
    expr:
      "sum(increase(rag_empty_retrievals_total[30m])) / sum(increase(rag_retrieved_chunks_count[30m])) " +
      `> ${emptyRatio}\nand sum(increase(rag_retrieved_chunks_count[30m])) >= 10`,
    holds: "15m",
    summary: "{{ $value | humanizePercentage }} of the questions find nothing",
    description: "Almost a third of the questions retrieve no chunk, so that their answers have no source.",
    runbook:
      "Are there documents (panel `Documents`)? If their number fell to 0, look for a lost volume or a new vector " +
      "space. Otherwise the similarity threshold is too strict, or people ask about things that were never ingested.",
  },
];
