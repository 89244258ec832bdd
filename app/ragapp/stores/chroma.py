"""Vectors in a Chroma server."""

import uuid
from collections.abc import Sequence

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.orm import Session

from ragapp.models import Chunk
from ragapp.stores import Hit
from ragkit.chroma import Collection
from ragkit.embeddings import Vectors
from ragkit.errors import Unavailable


class ChromaStore:
    """Keeps vectors in one collection. Ids consist of document and ordinal: a retry overwrites
    them."""

    def __init__(self, url: str) -> None:
        self._collection = Collection(url, "ragapp", "vector store", timeout=30)

    def replace(
        self, session: Session, document_id: uuid.UUID, texts: Sequence[str], vectors: Vectors
    ) -> None:
        """Replace the vectors in Chroma, then the texts within the session's transaction.

        When that transaction fails, Chroma holds vectors without texts. A search skips them, and
        the retry of the ingestion overwrites them.
        """
        self.delete(session, document_id)
        self._collection.upsert(str(document_id), "document", vectors)
        session.execute(delete(Chunk).where(Chunk.document_id == document_id))
        rows = [
            {"document_id": document_id, "ordinal": ordinal, "text": chunk}
            for ordinal, chunk in enumerate(texts)
        ]
        if rows:
            session.execute(insert(Chunk), rows)

    def delete(self, session: Session, document_id: uuid.UUID) -> None:
        """Delete the document's vectors."""
        self._collection.call("delete", {"where": {"document": str(document_id)}})

    def search(self, session: Session, vector: Vectors, k: int) -> list[Hit]:
        """Return the nearest chunks. Return none for an empty collection."""
        return [
            Hit(uuid.UUID(metadata["document"]), int(metadata["ordinal"]), score)
            for metadata, score in self._collection.nearest(vector, k)
        ]

    def check(self, session: Session) -> None:
        """Raise Unavailable when Chroma has no vectors although chunks are recorded: it has lost
        its data."""
        vectors = self._collection.call("count")
        if not vectors and session.scalar(select(exists().where(Chunk.ordinal >= 0))):
            raise Unavailable(
                "vector store", "Chroma is empty but documents are recorded; run `python -m ragapp reindex`"
            )

    def clear(self) -> None:
        """Delete the collection. The next call creates it again."""
        self._collection.clear()
