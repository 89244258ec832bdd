"""A cache of query embeddings on disk, because searches repeat. Without the disk searches still
work."""

import hashlib
import logging
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import numpy as np

from ragkit.embeddings import Embedder, Vectors
from ragkit.metrics import EMBEDDING_CACHE

log = logging.getLogger(__name__)

# A full cache drops this share of its entries (1/n) at once, the least recently used ones.
DROPPED = 10


class CachedEmbedder:
    """Embeds single queries. All processes of the API share the file of the cache."""

    def __init__(self, embedder: Embedder, folder: Path, model: str, entries: int) -> None:
        self._embedder = embedder
        self._file = folder / "embeddings.sqlite"
        self._model = model
        self._entries = entries

    def embed(self, query: str) -> Vectors:
        """Return the query's vector."""
        key = hashlib.sha256(f"{self._model}\0{query}".encode()).digest()
        try:
            kept = self._read(key)
        except sqlite3.Error as error:
            return self._without(query, error)
        EMBEDDING_CACHE.labels("miss" if kept is None else "hit").inc()
        if kept is not None:
            return kept
        vector: Vectors = self._embedder.embed([query])[0]
        try:
            self._write(key, vector)
        except sqlite3.Error as error:
            log.warning("the query embedding could not be cached: %s", error)
        return vector

    def _without(self, query: str, error: sqlite3.Error) -> Vectors:
        EMBEDDING_CACHE.labels("error").inc()
        log.warning("the cache in %s cannot be used: %s", self._file.parent, error)
        vector: Vectors = self._embedder.embed([query])[0]
        return vector

    def _connect(self) -> "closing[sqlite3.Connection]":
        connection = sqlite3.connect(self._file, timeout=1, isolation_level=None)
        # If a crash loses an embedding, it is computed again.
        connection.execute("PRAGMA synchronous = off")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS embeddings "
            "(key BLOB PRIMARY KEY, vector BLOB NOT NULL, used REAL NOT NULL)"
        )
        return closing(connection)

    def _read(self, key: bytes) -> Vectors | None:
        with self._connect() as connection:
            row = connection.execute(
                "UPDATE embeddings SET used = ? WHERE key = ? RETURNING vector", (time.time(), key)
            ).fetchone()
        return np.frombuffer(row[0], dtype=np.float32) if row else None

    def _write(self, key: bytes, vector: Vectors) -> None:
        with self._connect() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)",
                (key, vector.astype(np.float32).tobytes(), time.time()),
            )
            (count,) = connection.execute("SELECT count(*) FROM embeddings").fetchone()
            if count > self._entries:
                connection.execute(
                    "DELETE FROM embeddings WHERE key IN (SELECT key FROM embeddings ORDER BY used LIMIT ?)",
                    (count - self._entries + self._entries // DROPPED,),
                )
