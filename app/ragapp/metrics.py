"""Everything this application counts, in Prometheus' terms."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

REQUESTS = Counter("http_requests", "HTTP requests answered.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "http_request_duration_seconds",
    "Time from a request's first to its answer's last byte.",
    ["method", "route", "status"],
    buckets=SECONDS,
)
STAGE_SECONDS = Histogram(
    "rag_stage_duration_seconds",
    "Time spent in one stage of a query or of an ingestion.",
    ["stage"],
    buckets=SECONDS,
)
RETRIEVED_CHUNKS = Histogram(
    "rag_retrieved_chunks", "Chunks retrieved for a question.", buckets=(0, 1, 2, 3, 5, 8, 13, 21, 34, 50)
)
EMPTY_RETRIEVALS = Counter("rag_empty_retrievals", "Questions for which no chunk was retrieved.")
EMBEDDING_CACHE = Counter("rag_embedding_cache", "Look-ups of query embeddings in the cache.", ["result"])
TOKENS = Counter("rag_tokens", "Tokens sent to or received from models.", ["kind"])
PROVIDER_RETRIES = Counter("rag_provider_retries", "Requests to a model provider tried again.", ["provider"])
INGESTIONS = Counter("rag_ingestions", "Ingestions that ended.", ["outcome"])


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Measure the block as one stage, also when it fails."""
    started = time.perf_counter()
    try:
        yield
    finally:
        STAGE_SECONDS.labels(name).observe(time.perf_counter() - started)
