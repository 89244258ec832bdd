"""The vectors, in a collection of the Chroma server."""

import uuid
from dataclasses import dataclass

from ragkit.chroma import Collection
from ragkit.embeddings import Vectors


@dataclass(frozen=True)
class Hit:
    """A passage that was found, with the cosine similarity of its vector to that of the query."""

    memory_id: uuid.UUID
    ordinal: int
    score: float


class Chroma:
    """Keeps vectors. The ids consist of memory and ordinal, so that a retry overwrites them."""

    def __init__(self, url: str) -> None:
        self._collection = Collection(url, "memories", "chroma", timeout=10)

    def put(self, memory_id: uuid.UUID, vectors: Vectors) -> None:
        """Store the vectors of the passages of a memory, in order."""
        self._collection.upsert(str(memory_id), "memory", vectors)

    def search(self, vector: Vectors, k: int) -> list[Hit]:
        """Return the nearest passages, best first."""
        return [
            Hit(uuid.UUID(metadata["memory"]), int(metadata["ordinal"]), score)
            for metadata, score in self._collection.nearest(vector, k)
        ]

    def check(self) -> None:
        """Raise Unavailable when the server does not answer."""
        self._collection.heartbeat()
