"""Vector stores keep and search vectors. The texts of the chunks are always in PostgreSQL."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from ragapp.settings import Settings
from ragkit.embeddings import Vectors


@dataclass(frozen=True)
class Hit:
    """A chunk that was found, with the cosine similarity of its vector to that of the question."""

    document_id: uuid.UUID
    ordinal: int
    score: float


class VectorStore(Protocol):
    """The interface of a vector store. A change belongs to the transaction of the session."""

    def replace(
        self, session: Session, document_id: uuid.UUID, texts: Sequence[str], vectors: Vectors
    ) -> None:
        """Replace all chunks of a document with these."""

    def delete(self, session: Session, document_id: uuid.UUID) -> None:
        """Delete all chunks of a document."""

    def search(self, session: Session, vector: Vectors, k: int) -> list[Hit]:
        """Return the k chunks nearest to the vector, best first."""

    def check(self, session: Session) -> None:
        """Raise Unavailable when the store cannot be used."""

    def clear(self) -> None:
        """Delete all vectors that are not in the chunks table."""


def make_store(settings: Settings) -> VectorStore:
    """Return the vector store that the settings name."""
    if settings.vector_store == "chroma":
        from ragapp.stores.chroma import ChromaStore

        scheme = "https" if settings.chroma_tls else "http"
        return ChromaStore(f"{scheme}://{settings.chroma_host}:{settings.chroma_port}")
    from ragapp.stores.pgvector import PgvectorStore

    return PgvectorStore()
