"""The Prometheus metrics of retrieval and ingestion. `ragkit.api.telemetry` has those of HTTP
requests."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Histogram

from ragkit.buckets import SECONDS

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
PROVIDER_RETRIES = Counter(
    "rag_provider_retries", "Requests to a model provider that were retried.", ["provider"]
)
INGESTIONS = Counter("rag_ingestions", "Ingestions that ended.", ["outcome"])


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Measure the time of the block as one stage. A block that fails is measured too."""
    started = time.perf_counter()
    try:
        yield
    finally:
        STAGE_SECONDS.labels(name).observe(time.perf_counter() - started)


def count_retrieved(number: int) -> None:
    """Record the number of chunks that a question retrieved."""
    RETRIEVED_CHUNKS.observe(number)
    if not number:
        EMPTY_RETRIEVALS.inc()
