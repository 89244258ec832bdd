import type { Alert } from "../spec/monitoring.ts";

/** Seconds that a document may wait for the worker. */
const queueAge = 900;

/** The share of questions without a chunk above which an alert fires. */
const emptyRatio = 0.3;

/** For a service with a queue of documents: `rag_queue_oldest_age_seconds`. */
export const ingestionBacklog: Alert = {
  name: "IngestionBacklog",
  severity: "warning",
  expr: `max(rag_queue_oldest_age_seconds) > ${queueAge}`,
  holds: "5m",
  summary: "Documents have waited {{ $value | humanizeDuration }} for ingestion",
  description:
    "The oldest document in the queue has waited for too long: the worker is down, stuck, or too slow.",
  runbook:
    "See `make status` and `make logs SERVICE=worker`. If the worker works and the queue still grows, add replicas of it. " +
    "Uploaded documents are safe: they stay in the database until they are done.",
};

/** For a service that ingests documents: `rag_ingestions_total`. */
export const ingestionFailing: Alert = {
  name: "IngestionFailing",
  severity: "warning",
  expr: 'sum(increase(rag_ingestions_total{outcome="failed"}[30m])) > 0',
  summary: "Documents could not be ingested",
  description:
    "{{ $value | humanize }} ingestions failed within 30 minutes. The documents are kept and marked as failed.",
  runbook:
    "The list of documents and `make logs SERVICE=worker` show each error. Delete a broken file. If the provider or a " +
    "store failed, fix that, then ingest the documents again.",
};

/** For a service that answers questions: `rag_retrieved_chunks`. */
export const emptyRetrievalsHigh: Alert = {
  name: "EmptyRetrievalsHigh",
  severity: "warning",
  // Fires only for at least ten questions, because a few questions show no trend.
  expr:
    "sum(increase(rag_empty_retrievals_total[30m])) / sum(increase(rag_retrieved_chunks_count[30m])) " +
    `> ${emptyRatio}\nand sum(increase(rag_retrieved_chunks_count[30m])) >= 10`,
  holds: "15m",
  summary: "{{ $value | humanizePercentage }} of the questions find nothing",
  description: "For more than 30 % of the questions, no chunk is found, so their answers have no source.",
  runbook:
    "Check that there are documents (panel `Documents`). If their number fell to 0, look for a lost volume or a changed " +
    "embedding model. Otherwise the similarity threshold is too strict, or people ask about subjects that no document covers.",
};
