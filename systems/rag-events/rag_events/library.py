"""The documents: originals kept in a folder, their chunks in the index; several replicas may share both."""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag_events.index_file import Entry, Index, IndexFile, write_whole
from ragapp.api.library import Document, Source
from ragapp.api.problems import Problem
from ragapp.api.uploads import Upload
from ragapp.embeddings import Embedder, Vectors
from ragapp.errors import SpaceMismatch, Unreadable
from ragapp.metrics import stage
from ragapp.providers import ModelSettings
from ragapp.readers import media_type_of, read_text
from ragapp.splitter import split

CHUNK_SIZE, CHUNK_OVERLAP = 800, 100

# A file name has at most 255 bytes, and the id stands before it.
NAME_BYTES = 200


@dataclass
class Rebuilt:
    """What a rebuild made, and the originals that it could not read with the reasons."""

    documents: int = 0
    chunks: int = 0
    skipped: dict[str, str] = field(default_factory=dict)


class FaissLibrary:
    """Searches the newest index that any replica wrote."""

    def __init__(self, folder: Path, embedder: Embedder, model: ModelSettings) -> None:
        self._originals = folder / "documents"
        self._originals.mkdir(exist_ok=True)
        self._file = IndexFile(folder)
        self._embedder = embedder
        self._model = model
        self._loading = threading.Lock()
        self._loaded: tuple[object, Index] = (None, self._empty())

    def add(self, upload: Upload) -> tuple[Document, bool]:
        """Keep the original and index it; the slow part, the embedding, keeps nobody out."""
        document_id = hashlib.sha256(upload.content).hexdigest()[:16]
        if known := _find(self._current(), document_id):
            return known, False
        try:
            entry, vectors = self._embed(document_id, upload.name, upload.media_type, upload.content)
        except Unreadable as error:
            raise Problem(422, f"{upload.name}: {error}") from error
        with self._file.locked():
            index = self._current()
            if known := _find(index, document_id):
                return known, False
            # The original first: what is in the index must be there at a rebuild.
            write_whole(self._originals / _file_name(document_id, upload.name), upload.content)
            self._file.write(index.with_entry(entry, vectors))
        return _document(entry), True

    def documents(self) -> Sequence[Document]:
        """Return all documents by name."""
        return sorted(map(_document, self._current().entries), key=lambda document: document.name)

    def search(self, question: str, k: int) -> list[Source]:
        """Return the k nearest passages."""
        index = self._current()
        with stage("embed"):
            vector = self._embedder.embed([question])[0]
        return [
            Source(document=entry.name, chunk=chunk, text=entry.chunks[chunk], score=round(score, 4))
            for entry, chunk, score in index.search(vector, k)
        ]

    def rebuild(self) -> Rebuilt:
        """Make the index anew from the originals with the settings' model; the old one serves meanwhile."""
        rebuilt = Rebuilt()
        index = self._extended(self._empty(), rebuilt)
        with self._file.locked():
            # Others may have added documents to the old index meanwhile.
            self._file.write(self._extended(index, rebuilt))
        return rebuilt

    def _extended(self, index: Index, rebuilt: Rebuilt) -> Index:
        """Return the index with all originals that it lacks."""
        for path in sorted(self._originals.iterdir()):
            document_id, _, name = path.name.partition("-")
            media_type = media_type_of(name, None)
            if media_type is None or path.suffix == ".new" or path.name in rebuilt.skipped:
                continue
            if _find(index, document_id) is None:
                try:
                    entry, vectors = self._embed(document_id, name, media_type, path.read_bytes())
                except (Unreadable, OSError) as error:
                    rebuilt.skipped[path.name] = str(error)
                    continue
                index = index.with_entry(entry, vectors)
                rebuilt.documents += 1
                rebuilt.chunks += len(entry.chunks)
        return index

    def _embed(self, document_id: str, name: str, media_type: str, content: bytes) -> tuple[Entry, Vectors]:
        chunks = split(read_text(content, media_type), media_type, CHUNK_SIZE, CHUNK_OVERLAP)
        with stage("embed"):
            return Entry(document_id, name, chunks), self._embedder.embed(chunks)

    def _current(self) -> Index:
        """Return the index as it is on the volume; SpaceMismatch when another model made it."""
        with self._loading:
            # Looked at before it is read: a change in between is then found the next time.
            version = self._file.version()
            if version is None:
                return self._empty()
            if version != self._loaded[0]:
                self._loaded = version, self._file.read()
            index = self._loaded[1]
        if (index.model, index.dimension) != (self._model.model, self._model.dimension):
            raise SpaceMismatch(
                f"the index was made with {index.model} ({index.dimension} dimensions), the settings name "
                f"{self._model.model} ({self._model.dimension}); POST /rebuild makes it anew"
            )
        return index

    def _empty(self) -> Index:
        return Index(self._model.model, self._model.dimension)


def _find(index: Index, document_id: str) -> Document | None:
    return next((_document(entry) for entry in index.entries if entry.id == document_id), None)


def _document(entry: Entry) -> Document:
    return Document(id=entry.id, name=entry.name, chunks=len(entry.chunks))


def _file_name(document_id: str, name: str) -> str:
    path = Path(name)
    suffix = path.suffix or ".txt"
    stem = path.stem.encode()[: NAME_BYTES - len(suffix.encode())].decode(errors="ignore")
    return f"{document_id}-{stem}{suffix}"
