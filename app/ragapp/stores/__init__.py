"""Vector stores: where vectors are kept and searched; the chunks' texts are always in PostgreSQL."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from ragapp.embeddings import Vectors
from ragapp.settings import Settings


@dataclass(frozen=True)
class Hit:
    """A chunk that was found, with the cosine similarity of its vector to the question's."""

    document_id: uuid.UUID
    ordinal: int
    score: float


class VectorStore(Protocol):
    """What the application asks of a vector store; the session is the unit of work the change belongs to."""

    def replace(
        self, session: Session, document_id: uuid.UUID, texts: Sequence[str], vectors: Vectors
    ) -> None:
        """Replace all chunks of a document by these."""

    def delete(self, session: Session, document_id: uuid.UUID) -> None:
        """Delete all chunks of a document."""

    def search(self, session: Session, vector: Vectors, k: int) -> list[Hit]:
        """Return the k chunks nearest to the vector, best first."""

    def check(self, session: Session) -> None:
        """Raise Unavailable when the store cannot be used."""

    def clear(self) -> None:
        """Forget every vector that is not kept in the chunks table."""


def make_store(settings: Settings) -> VectorStore:
    """Return the vector store that the settings name."""
    if settings.vector_store == "chroma":
        from ragapp.stores.chroma import ChromaStore

        return ChromaStore(f"http://{settings.chroma_host}:{settings.chroma_port}")
    from ragapp.stores.pgvector import PgvectorStore

    return PgvectorStore()
