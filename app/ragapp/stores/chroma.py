"""Vectors in a Chroma server, over its REST interface (v2).

Chroma's own thin client brings gRPC and OpenTelemetry exporters, 35 MB of an image for six HTTP calls.
"""

import uuid
from collections.abc import Sequence
from typing import Any

import httpx
from sqlalchemy import delete, exists, insert, select
from sqlalchemy.orm import Session

from ragapp.embeddings import Vectors
from ragapp.errors import Unavailable
from ragapp.models import Chunk
from ragapp.stores import Hit

COLLECTION = "ragapp"
DATABASE = "/api/v2/tenants/default_tenant/databases/default_database"
# Chroma refuses larger upserts (SQLite's limit on variables).
BATCH = 1000


class ChromaStore:
    """Keeps vectors in one collection, by ids made of document and ordinal so that a retry overwrites."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=httpx.Timeout(30, connect=2))
        self._collection_id = ""

    def replace(
        self, session: Session, document_id: uuid.UUID, texts: Sequence[str], vectors: Vectors
    ) -> None:
        """Replace the vectors in Chroma, then the texts within the session's transaction.

        When that transaction fails, Chroma holds vectors without texts: a search skips them, the retry
        of the ingestion overwrites them.
        """
        self.delete(session, document_id)
        for start in range(0, len(texts), BATCH):
            ordinals = range(start, min(start + BATCH, len(texts)))
            self._call(
                "upsert",
                {
                    "ids": [f"{document_id}:{ordinal}" for ordinal in ordinals],
                    "embeddings": [vectors[ordinal].tolist() for ordinal in ordinals],
                    "metadatas": [{"document": str(document_id), "ordinal": ordinal} for ordinal in ordinals],
                },
            )
        session.execute(delete(Chunk).where(Chunk.document_id == document_id))
        rows = [
            {"document_id": document_id, "ordinal": ordinal, "text": chunk}
            for ordinal, chunk in enumerate(texts)
        ]
        if rows:
            session.execute(insert(Chunk), rows)

    def delete(self, session: Session, document_id: uuid.UUID) -> None:
        """Delete the document's vectors."""
        self._call("delete", {"where": {"document": str(document_id)}})

    def search(self, session: Session, vector: Vectors, k: int) -> list[Hit]:
        """Return the nearest chunks; a collection that is still empty has none."""
        answer = self._call(
            "query",
            {"query_embeddings": [vector.tolist()], "n_results": k, "include": ["distances", "metadatas"]},
        )
        metadatas, distances = answer["metadatas"] or [[]], answer["distances"] or [[]]
        return [
            Hit(uuid.UUID(metadata["document"]), int(metadata["ordinal"]), 1 - float(distance))
            for metadata, distance in zip(metadatas[0], distances[0], strict=True)
        ]

    def check(self, session: Session) -> None:
        """Ask for the number of vectors: none, while chunks are recorded, means that Chroma lost its data."""
        vectors = self._call("count")
        if not vectors and session.scalar(select(exists().where(Chunk.ordinal >= 0))):
            raise Unavailable(
                "vector store", "Chroma is empty but documents are recorded; run `python -m ragapp reindex`"
            )

    def clear(self) -> None:
        """Delete the collection; the next call makes it anew."""
        self._request("DELETE", f"{DATABASE}/collections/{COLLECTION}", allow=404)
        self._collection_id = ""

    def _call(self, action: str, body: dict[str, Any] | None = None) -> Any:
        method = "POST" if body is not None else "GET"
        answer = self._request(method, self._path(action), body, allow=404)
        if answer.status_code == 404:
            # Someone deleted the collection (a reindex does): find or make the new one, once.
            self._collection_id = ""
            answer = self._request(method, self._path(action), body)
        return answer.json()

    def _path(self, action: str) -> str:
        if not self._collection_id:
            body = {
                "name": COLLECTION,
                "get_or_create": True,
                "configuration": {"hnsw": {"space": "cosine"}},
            }
            self._collection_id = self._request("POST", f"{DATABASE}/collections", body).json()["id"]
        return f"{DATABASE}/collections/{self._collection_id}/{action}"

    def _request(
        self, method: str, path: str, body: dict[str, Any] | None = None, allow: int = 200
    ) -> httpx.Response:
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise Unavailable(
                "vector store", f"Chroma does not answer ({error or type(error).__name__})"
            ) from error
        if answer.status_code >= 400 and answer.status_code != allow:
            raise Unavailable("vector store", f"Chroma answers {answer.status_code}: {answer.text[:200]}")
        return answer
