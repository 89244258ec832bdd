"""The documents: the originals in a folder, their chunks in the index. Several replicas may share
both."""

import hashlib
import logging
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag_events.index_file import Entry, Index, IndexFile, write_whole
from ragkit.api.library import Document, Source
from ragkit.api.problems import Problem
from ragkit.api.uploads import Upload
from ragkit.bounds import MAX_PASSAGES, Bound
from ragkit.embeddings import Embedder, Vectors
from ragkit.errors import SpaceMismatch, Unreadable
from ragkit.metrics import stage
from ragkit.passages import deadline, make_passages
from ragkit.providers import ModelSettings
from ragkit.readers import Checkpoint, media_type_of, no_checkpoint

log = logging.getLogger(__name__)

# A file name has at most 255 bytes. The id is in front of it.
NAME_BYTES = 200


@dataclass
class Rebuilt:
    """The result of a rebuild, and the originals that it could not read, with the reasons."""

    documents: int = 0
    chunks: int = 0
    skipped: dict[str, str] = field(default_factory=dict)


class FaissLibrary:
    """Searches the newest index that any replica has written."""

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        model: ModelSettings,
        timeout: float,
        max_passages: int = MAX_PASSAGES,
    ) -> None:
        """Create the library. An upload may take `timeout` seconds."""
        self._timeout = timeout
        self._bound = Bound(max_passages, "MAX_PASSAGES")
        self._originals = folder / "documents"
        self._originals.mkdir(exist_ok=True)
        self._file = IndexFile(folder)
        self._embedder = embedder
        self._model = model
        self._loading = threading.Lock()
        self._loaded: tuple[object, Index] = (None, self._empty())

    def add(self, upload: Upload) -> tuple[Document, bool]:
        """Store the original and index it. The embedding, which is slow, needs no lock.

        The same bytes are one document. A new name replaces the old one, because it may mean
        another type.
        """
        document_id = _id(upload)
        known = _find(self._current(), document_id)
        if known and known.name == upload.name:
            return known, False
        in_time = deadline(self._timeout, "INGEST_TIMEOUT_SECONDS")
        try:
            entry, vectors = self._embed(
                document_id, upload.name, upload.media_type, upload.content, in_time, self._bound
            )
        except Unreadable as error:
            raise Problem(422, f"{upload.name}: {error}") from error
        original = self._originals / _file_name(document_id, upload.name)
        with self._file.locked():
            index = self._current()
            known = _find(index, document_id)
            if known and known.name == upload.name:
                return known, False
            # The original is stored first, because a rebuild needs the originals of all indexed
            # documents.
            write_whole(original, upload.content)
            self._file.write(index.without(document_id).with_entry(entry, vectors))
            if known and (earlier := self._originals / _file_name(document_id, known.name)) != original:
                earlier.unlink(missing_ok=True)
        return _document(entry), known is None

    def add_all(self, uploads: Sequence[Upload]) -> list[str]:
        """Store and index documents that belong together, and return their ids. One
        that cannot be read is left out."""
        ids = [_id(upload) for upload in uploads]
        unknown = {
            document_id: upload
            for document_id, upload in zip(ids, uploads, strict=True)
            if _find(self._current(), document_id) is None
        }
        if not unknown:
            return ids
        made = {}
        for document_id, upload in unknown.items():
            try:
                made[document_id] = self._embed(
                    document_id, upload.name, upload.media_type, upload.content, no_checkpoint
                )
            except Unreadable as error:
                log.warning("%s: %s", upload.name, error)
        with self._file.locked():
            index = self._current()
            for document_id, (entry, vectors) in made.items():
                if _find(index, document_id) is None:
                    write_whole(
                        self._originals / _file_name(document_id, entry.name), unknown[document_id].content
                    )
                    index = index.with_entry(entry, vectors)
            self._file.write(index)
        return ids

    def remove(self, ids: Collection[str]) -> None:
        """Remove documents from the index, and their originals."""
        if not ids:
            return
        with self._file.locked():
            index = self._current()
            names = [_file_name(entry.id, entry.name) for entry in index.entries if entry.id in ids]
            for document_id in ids:
                index = index.without(document_id)
            self._file.write(index)
            for name in names:
                (self._originals / name).unlink(missing_ok=True)

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
        """Create the index again from the originals, with the current model. Meanwhile, the old one
        answers searches."""
        rebuilt = Rebuilt()
        index = self._extended(self._empty(), rebuilt)
        with self._file.locked():
            # Other replicas may have added documents to the old index.
            self._file.write(self._extended(index, rebuilt))
        return rebuilt

    def _extended(self, index: Index, rebuilt: Rebuilt) -> Index:
        """Return the index with all originals that it does not have yet."""
        for path in sorted(self._originals.iterdir()):
            document_id, _, name = path.name.partition("-")
            media_type = media_type_of(name, None)
            if media_type is None or path.suffix == ".new" or path.name in rebuilt.skipped:
                continue
            if _find(index, document_id) is None:
                try:
                    content = path.read_bytes()
                    entry, vectors = self._embed(document_id, name, media_type, content, no_checkpoint)
                except (Unreadable, OSError) as error:
                    rebuilt.skipped[path.name] = str(error)
                    continue
                index = index.with_entry(entry, vectors)
                rebuilt.documents += 1
                rebuilt.chunks += len(entry.chunks)
        return index

    def _embed(
        self,
        document_id: str,
        name: str,
        media_type: str,
        content: bytes,
        checkpoint: Checkpoint,
        bound: Bound | None = None,
    ) -> tuple[Entry, Vectors]:
        made = make_passages(content, media_type, self._embedder, checkpoint, bound=bound)
        if made.note:
            log.warning("%s: %s", name, made.note)
        return Entry(document_id, name, made.texts), made.vectors

    def _current(self) -> Index:
        """Return the index on the volume. Raises SpaceMismatch when it belongs to another model."""
        with self._loading:
            # The version is read before the file, so that the next call notices a change in
            # between.
            version = self._file.version()
            if version is None:
                return self._empty()
            if version != self._loaded[0]:
                self._loaded = version, self._file.read()
            index = self._loaded[1]
        if (index.model, index.dimension) != (self._model.model, self._model.dimension):
            raise SpaceMismatch(
                f"the index was made with {index.model} ({index.dimension} dimensions), the settings name "
                f"{self._model.model} ({self._model.dimension}); POST /rebuild creates it again"
            )
        return index

    def _empty(self) -> Index:
        return Index(self._model.model, self._model.dimension)


def _id(upload: Upload) -> str:
    return hashlib.sha256(upload.content).hexdigest()[:16]


def _find(index: Index, document_id: str) -> Document | None:
    return next((_document(entry) for entry in index.entries if entry.id == document_id), None)


def _document(entry: Entry) -> Document:
    return Document(id=entry.id, name=entry.name, chunks=len(entry.chunks))


def _file_name(document_id: str, name: str) -> str:
    path = Path(name)
    suffix = path.suffix or ".txt"
    stem = path.stem.encode()[: NAME_BYTES - len(suffix.encode())].decode(errors="ignore")
    return f"{document_id}-{stem}{suffix}"
