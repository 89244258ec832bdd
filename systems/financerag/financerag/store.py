"""Chunks in a Chroma collection. Each embedding model has its own collection, so that models never
mix.

The ids consist of the origin and the name of a document and the number of the chunk: a document
that is written twice is stored once. The first chunk is written last. Its digest shows that the
document is complete.
"""

import hashlib
import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import chromadb
import httpx
from chromadb.config import Settings
from chromadb.errors import ChromaError

from ragkit.api.library import Document, Source
from ragkit.api.problems import Problem
from ragkit.api.uploads import Upload
from ragkit.bounds import MAX_PASSAGES, Bound
from ragkit.embeddings import Embedder
from ragkit.errors import Unavailable, Unreadable
from ragkit.metrics import stage
from ragkit.passages import deadline, make_passages
from ragkit.providers import ModelSettings
from ragkit.readers import Checkpoint

log = logging.getLogger(__name__)

# Chroma refuses larger upserts (SQLite's limit on variables).
BATCH = 1000

UPLOAD, FOLDER = "upload", "folder"


class ChromaLibrary:
    """Connects at its first use, and again after a failure."""

    def __init__(
        self,
        connect: Callable[[], Any],
        embedder: Embedder,
        model: ModelSettings,
        timeout: float,
        max_passages: int = MAX_PASSAGES,
    ) -> None:
        """Create the library. An upload may take `timeout` seconds."""
        self._bound = Bound(max_passages, "MAX_PASSAGES")
        self._connect = connect
        self._embedder = embedder
        self._timeout = timeout
        self._name = collection_name(model)
        self._connected: Any = None
        self._connecting = threading.Lock()

    def add(self, upload: Upload) -> tuple[Document, bool]:
        """Store an uploaded file. It replaces an earlier one of the same name."""
        try:
            in_time = deadline(self._timeout, "INGEST_TIMEOUT_SECONDS")
            return self.put(UPLOAD, upload.name, upload.media_type, upload.content, in_time)
        except Unreadable as error:
            raise Problem(422, f"{upload.name}: {error}") from error

    def put(
        self, origin: str, name: str, media_type: str, content: bytes, checkpoint: Checkpoint
    ) -> tuple[Document, bool]:
        """Store a document unless it is stored with the same bytes. The checkpoint may end the
        work."""
        document_id = document_id_of(origin, name)
        digest = hashlib.sha256(content).hexdigest()
        with self._collection() as collection:
            first = collection.get(ids=[f"{document_id}:0"], include=["metadatas"])["metadatas"]
        if first and first[0]["digest"] == digest:
            return _document(first[0]), False
        made = make_passages(content, media_type, self._embedder, checkpoint, bound=self._bound)
        if made.note:
            log.warning("%s: %s", name, made.note)
        chunks, vectors = made.texts, made.vectors
        common = {"document": document_id, "origin": origin, "name": name, "digest": digest}
        with self._collection() as collection:
            for start in reversed(range(0, len(chunks), BATCH)):
                numbers = range(start, min(start + BATCH, len(chunks)))
                collection.upsert(
                    ids=[f"{document_id}:{number}" for number in numbers],
                    embeddings=[vectors[number].tolist() for number in numbers],
                    documents=[chunks[number] for number in numbers],
                    metadatas=[common | {"number": number, "chunks": len(chunks)} for number in numbers],
                )
            # Deletes the rest of a longer version of the document.
            collection.delete(where={"$and": [{"document": document_id}, {"number": {"$gte": len(chunks)}}]})
        return Document(id=document_id, name=name, chunks=len(chunks)), True

    def remove(self, document_id: str) -> None:
        """Delete a document's chunks."""
        with self._collection() as collection:
            collection.delete(where={"document": document_id})

    def documents(self, origin: str | None = None) -> Sequence[Document]:
        """Return all documents by name, or those of one origin."""
        where: dict[str, Any] = {"number": 0}
        if origin:
            where = {"$and": [where, {"origin": origin}]}
        with self._collection() as collection:
            found = collection.get(where=where, include=["metadatas"])["metadatas"]
        return sorted(map(_document, found), key=lambda document: document.name)

    def search(self, question: str, k: int) -> list[Source]:
        """Return the k nearest passages."""
        with stage("embed"):
            vector = self._embedder.embed([question])[0]
        with self._collection() as collection:
            found = collection.query(
                query_embeddings=[vector.tolist()],
                n_results=k,
                include=["documents", "metadatas", "distances"],
            )
        rows = zip(found["metadatas"][0], found["documents"][0], found["distances"][0], strict=True)
        return [
            Source(document=about["name"], chunk=about["number"], text=text, score=round(1 - distance, 4))
            for about, text, distance in rows
        ]

    @contextmanager
    def _collection(self) -> Iterator[Any]:
        try:
            with self._connecting:
                if self._connected is None:
                    self._connected = self._connect().get_or_create_collection(
                        self._name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
                    )
                collection = self._connected
            yield collection
        except (ChromaError, httpx.HTTPError, ValueError) as error:
            # The server may have been replaced by one without the collection.
            self._connected = None
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise Unavailable("vector store", f"Chroma does not answer as expected ({reason})") from error


def connector(path: str, host: str, port: int, tls: bool = False) -> Callable[[], Any]:
    """Return the function that creates the client: for the server, or for the files in this
    process."""
    settings = Settings(anonymized_telemetry=False)
    if host:
        return lambda: chromadb.HttpClient(host=host, port=port, ssl=tls, settings=settings)
    return lambda: chromadb.PersistentClient(path, settings=settings)


def collection_name(model: ModelSettings) -> str:
    """Return a name that Chroma accepts: letters, digits, dots, dashes."""
    slug = re.sub(r"[^a-zA-Z0-9.]+", "-", model.model).strip("-.")
    return f"financerag-{slug}-{model.dimension}"


def document_id_of(origin: str, name: str) -> str:
    """Return a document's id."""
    return hashlib.sha256(f"{origin}:{name}".encode()).hexdigest()[:16]


def _document(about: dict[str, Any]) -> Document:
    return Document(id=about["document"], name=about["name"], chunks=about["chunks"])
