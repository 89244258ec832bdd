"""The vectors, in one collection of the Chroma server, over its REST interface (v2)."""

import uuid
from dataclasses import dataclass
from typing import Any

import httpx

from ragapp.embeddings import Vectors
from ragapp.errors import Unavailable

COLLECTION = "memories"
DATABASE = "/api/v2/tenants/default_tenant/databases/default_database"
# Chroma refuses larger upserts (SQLite's limit on variables).
BATCH = 1000


@dataclass(frozen=True)
class Hit:
    """A passage that was found, with its vector's cosine similarity to the query's."""

    memory_id: uuid.UUID
    ordinal: int
    score: float


class Chroma:
    """Keeps vectors by ids made of memory and ordinal, so that a retry overwrites what is there."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=httpx.Timeout(10, connect=2))
        self._collection_id = ""

    def put(self, memory_id: uuid.UUID, vectors: Vectors) -> None:
        """Store the vectors of a memory's passages, in order."""
        for start in range(0, len(vectors), BATCH):
            ordinals = range(start, min(start + BATCH, len(vectors)))
            self._call(
                "upsert",
                {
                    "ids": [f"{memory_id}:{ordinal}" for ordinal in ordinals],
                    "embeddings": [vectors[ordinal].tolist() for ordinal in ordinals],
                    "metadatas": [{"memory": str(memory_id), "ordinal": ordinal} for ordinal in ordinals],
                },
            )

    def search(self, vector: Vectors, k: int) -> list[Hit]:
        """Return the nearest passages, best first."""
        answer = self._call(
            "query",
            {"query_embeddings": [vector.tolist()], "n_results": k, "include": ["distances", "metadatas"]},
        )
        metadatas, distances = answer["metadatas"] or [[]], answer["distances"] or [[]]
        return [
            Hit(uuid.UUID(metadata["memory"]), int(metadata["ordinal"]), 1 - float(distance))
            for metadata, distance in zip(metadatas[0], distances[0], strict=True)
        ]

    def check(self) -> None:
        """Raise Unavailable when the server does not answer."""
        self._request("GET", "/api/v2/heartbeat")

    def _call(self, action: str, body: dict[str, Any]) -> Any:
        answer = self._request("POST", self._path(action), body, allow=404)
        if answer.status_code == 404:
            # The collection is gone, with a volume for instance: make the new one, once.
            self._collection_id = ""
            answer = self._request("POST", self._path(action), body)
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
            words = str(error) or type(error).__name__
            raise Unavailable("chroma", f"it does not answer ({words})") from error
        if answer.status_code >= 400 and answer.status_code != allow:
            raise Unavailable("chroma", f"it answers {answer.status_code}: {answer.text[:200]}")
        return answer
