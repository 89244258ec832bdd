"""Vectors in PostgreSQL, beside the texts, searched through an HNSW index by cosine distance."""

import uuid
from collections.abc import Sequence

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from ragapp.embeddings import Vectors
from ragapp.models import Chunk
from ragapp.stores import Hit

# pgvector looks at 40 candidates unless told; it cannot return more than it looks at.
MIN_CANDIDATES = 40


class PgvectorStore:
    """Keeps each vector in its chunk's row, so that text and vector change in one transaction."""

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
        """Do nothing: the foreign key deletes the rows with their document."""

    def search(self, session: Session, vector: Vectors, k: int) -> list[Hit]:
        """Return the nearest chunks through the index."""
        candidates = max(MIN_CANDIDATES, 2 * k)
        session.execute(text(f"SET LOCAL hnsw.ef_search = {int(candidates)}"))
        distance = Chunk.embedding.cosine_distance(vector)
        rows = session.execute(
            select(Chunk.document_id, Chunk.ordinal, distance)
            .where(Chunk.embedding.is_not(None))
            .order_by(distance)
            .limit(k)
        )
        return [Hit(document_id, ordinal, 1 - float(far)) for document_id, ordinal, far in rows]

    def check(self, session: Session) -> None:
        """Ask for the extension's version."""
        session.execute(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")).one()

    def clear(self) -> None:
        """Do nothing: the chunks table is all there is."""
