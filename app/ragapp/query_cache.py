"""A cache of query embeddings in Redis. Questions repeat, and a remote embedding costs money and
time."""

import hashlib

import numpy as np
import redis

from ragkit.embeddings import Embedder, Vectors
from ragkit.metrics import EMBEDDING_CACHE

KEEP_SECONDS = 24 * 3600


class QueryEmbedder:
    """Embeds single questions. Uses the cache while Redis answers."""

    def __init__(self, embedder: Embedder, cache: "redis.Redis", model: str, dimension: int) -> None:
        self._embedder = embedder
        self._cache = cache
        self._prefix = f"ragapp:embedding:{model}:{dimension}:"
        self._bytes = dimension * 4

    def embed(self, question: str) -> Vectors:
        """Return the question's vector."""
        key = self._prefix + hashlib.sha256(question.encode()).hexdigest()
        if (kept := self._read(key)) is not None:
            return kept
        vector: Vectors = self._embedder.embed([question])[0]
        self._write(key, vector)
        return vector

    def _read(self, key: str) -> Vectors | None:
        try:
            kept = self._cache.get(key)
        except redis.RedisError:
            EMBEDDING_CACHE.labels("error").inc()
            return None
        if not isinstance(kept, bytes) or len(kept) != self._bytes:
            EMBEDDING_CACHE.labels("miss").inc()
            return None
        EMBEDDING_CACHE.labels("hit").inc()
        return np.frombuffer(kept, dtype=np.float32)

    def _write(self, key: str, vector: Vectors) -> None:
        try:
            self._cache.set(key, vector.astype(np.float32).tobytes(), ex=KEEP_SECONDS)
        except redis.RedisError:
            EMBEDDING_CACHE.labels("error").inc()
