"""A collection of a Chroma server, over its REST interface (v2). Extra: models.

Chroma's thin client (chromadb-client) adds gRPC and OpenTelemetry exporters, 35 MB of an image, for
six HTTP calls.
"""

from collections.abc import Sequence
from typing import Any

import httpx

from ragkit.embeddings import Vectors
from ragkit.errors import Unavailable

DATABASE = "/api/v2/tenants/default_tenant/databases/default_database"
# Chroma refuses larger upserts (SQLite's limit on variables).
BATCH = 1000


class Collection:
    """A collection with cosine distance. The first call that needs the collection creates it."""

    def __init__(self, url: str, name: str, dependency: str, *, timeout: float) -> None:
        """Create the client. Errors name the server as `dependency`. The timeout is in seconds."""
        self._http = httpx.Client(base_url=url, timeout=httpx.Timeout(timeout, connect=2))
        self._name = name
        self._dependency = dependency
        self._id = ""

    def upsert(self, owner: str, key: str, vectors: Vectors) -> None:
        """Store the vectors of an owner's passages, in order. A repetition overwrites them.

        The metadata of each vector contains the owner under `key`, and the passage's number under
        `ordinal`.
        """
        for start in range(0, len(vectors), BATCH):
            ordinals = range(start, min(start + BATCH, len(vectors)))
            self.call(
                "upsert",
                {
                    "ids": [f"{owner}:{ordinal}" for ordinal in ordinals],
                    "embeddings": [vectors[ordinal].tolist() for ordinal in ordinals],
                    "metadatas": [{key: owner, "ordinal": ordinal} for ordinal in ordinals],
                },
            )

    def nearest(self, vector: Vectors, k: int) -> Sequence[tuple[dict[str, Any], float]]:
        """Return the metadata and the cosine similarity of the nearest vectors, best first."""
        answer = self.call(
            "query",
            {"query_embeddings": [vector.tolist()], "n_results": k, "include": ["distances", "metadatas"]},
        )
        # An empty collection answers without lists.
        metadatas, distances = answer["metadatas"] or [[]], answer["distances"] or [[]]
        return [
            (metadata, 1 - float(distance))
            for metadata, distance in zip(metadatas[0], distances[0], strict=True)
        ]

    def call(self, action: str, body: dict[str, Any] | None = None) -> Any:
        """Run an action of the collection and return the JSON of the answer."""
        method = "POST" if body is not None else "GET"
        answer = self._request(method, self._path(action), body, allow=404)
        if answer.status_code == 404:
            # The collection was deleted, for example with its volume: find or create the new one,
            # once.
            self._id = ""
            answer = self._request(method, self._path(action), body)
        return answer.json()

    def heartbeat(self) -> None:
        """Raise Unavailable when the server does not answer."""
        self._request("GET", "/api/v2/heartbeat")

    def clear(self) -> None:
        """Delete the collection. The next call creates it again."""
        self._request("DELETE", f"{DATABASE}/collections/{self._name}", allow=404)
        self._id = ""

    def _path(self, action: str) -> str:
        if not self._id:
            body = {
                "name": self._name,
                "get_or_create": True,
                "configuration": {"hnsw": {"space": "cosine"}},
            }
            self._id = self._request("POST", f"{DATABASE}/collections", body).json()["id"]
        return f"{DATABASE}/collections/{self._id}/{action}"

    def _request(
        self, method: str, path: str, body: dict[str, Any] | None = None, allow: int = 200
    ) -> httpx.Response:
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise Unavailable(self._dependency, f"Chroma does not answer ({reason})") from error
        if answer.status_code >= 400 and answer.status_code != allow:
            raise Unavailable(self._dependency, f"Chroma answers {answer.status_code}: {answer.text[:200]}")
        return answer
