import { lines, type Row, stat } from "../../config/spec/monitoring.ts";
import { orZero, quantile, ratio } from "../../config/spec/promql.ts";

/** Rows with the times and results of questions, and with the ingestion of documents. */
export const ragRows: readonly Row[] = [
  {
    board: "rag",
    title: "Knowledge",
    panels: [
      stat("Documents ready", orZero('max(rag_documents{state="ready"})')),
      stat("Documents failed", orZero('max(rag_documents{state="failed"})'), { redFrom: 1 }),
      stat("Chunks", orZero("max(rag_chunks)")),
      stat("Queue", orZero("max(rag_queue_depth)"), { description: "Documents that wait for the worker." }),
      stat("Oldest in queue", orZero("max(rag_queue_oldest_age_seconds)"), { unit: "s", redFrom: 900 }),
      stat(
        "Nothing found",
        ratio(
          "sum(increase(rag_empty_retrievals_total[30m]))",
          "sum(increase(rag_retrieved_chunks_count[30m]))",
        ),
        { unit: "percentunit", redFrom: 0.3, description: "Share of questions for which no chunk is found." },
      ),
    ],
  },
  {
    board: "rag",
    title: "Questions",
    panels: [
      lines(
        "Stages, p95",
        { "{{stage}}": orZero(quantile(0.95, "rag_stage_duration_seconds_bucket", ["stage"])) },
        { unit: "s", description: "Time per stage of questions and of ingestions." },
      ),
      lines("Chunks per question", {
        median: orZero(quantile(0.5, "rag_retrieved_chunks_bucket")),
        p5: orZero(quantile(0.05, "rag_retrieved_chunks_bucket")),
      }),
      lines(
        "Cached query embeddings",
        {
          hits: ratio(
            'sum(rate(rag_embedding_cache_total{result="hit"}[5m]))',
            "sum(rate(rag_embedding_cache_total[5m]))",
          ),
        },
        { unit: "percentunit" },
      ),
    ],
  },
  {
    board: "rag",
    title: "Ingestion and models",
    panels: [
      lines("Documents", { "{{state}}": orZero("max by (state) (rag_documents)") }),
      lines(
        "Ingestions ended",
        { "{{outcome}}": orZero("sum by (outcome) (rate(rag_ingestions_total[5m]))") },
        { unit: "ops" },
      ),
      lines("Tokens per second", { "{{kind}}": orZero("sum by (kind) (rate(rag_tokens_total[5m]))") }),
      lines(
        "Retried requests to models",
        { "{{provider}}": orZero("sum by (provider) (rate(rag_provider_retries_total[5m]))") },
        { unit: "ops", description: "A request is retried if the provider limits the rate or fails." },
      ),
    ],
  },
];
