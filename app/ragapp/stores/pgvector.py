"""Vectors in PostgreSQL, next to the texts, with an HNSW index for cosine distance."""

import uuid
from collections.abc import Sequence

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from ragapp.models import Chunk
from ragapp.stores import Hit
from ragkit.embeddings import Vectors
from ragkit.pgvector import widen_search


class PgvectorStore:
    """Keeps each vector in the row of its chunk. Text and vector then change in one transaction."""

    def replace(
        self, session: Session, document_id: uuid.UUID, texts: Sequence[str], vectors: Vectors
    ) -> None:
        """Replace the document's rows within the session's transaction."""
        session.execute(delete(Chunk).where(Chunk.document_id == document_id))
        rows = [
            {"document_id": document_id, "ordinal": ordinal, "text": chunk, "embedding": vector}
            for ordinal, (chunk, vector) in enumerate(zip(texts, vectors, strict=True))
        ]
        if rows:
            session.execute(insert(Chunk), rows)

    def delete(self, session: Session, document_id: uuid.UUID) -> None:
        """Do nothing. The foreign key deletes the rows with their document."""

    def search(self, session: Session, vector: Vectors, k: int) -> list[Hit]:
        """Return the nearest chunks through the index."""
        widen_search(session, k)
        distance = Chunk.embedding.cosine_distance(vector)
        rows = session.execute(
            select(Chunk.document_id, Chunk.ordinal, distance)
            .where(Chunk.embedding.is_not(None))
            .order_by(distance)
            .limit(k)
        )
        return [Hit(document_id, ordinal, 1 - float(far)) for document_id, ordinal, far in rows]

    def check(self, session: Session) -> None:
        """Read the version of the extension."""
        session.execute(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")).one()

    def clear(self) -> None:
        """Do nothing. Do nothing, because the chunks table has all vectors."""
