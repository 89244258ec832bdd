"""The index as one file: the vectors as FAISS writes them, and the documents in the same order.

A new index is written to another file and renamed over the old one. A reader sees either the old or
the new index. The writers of all containers that share the volume take turns with a lock on a file
next to it.
"""

import io
import json
import os
import zipfile
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from ragkit.embeddings import Vectors
from ragkit.errors import Unavailable
from ragkit.locks import held

UNREADABLE = "the index cannot be read ({}); POST /rebuild creates it again from the stored documents"


@dataclass(frozen=True)
class Entry:
    """A document with the texts of its chunks."""

    id: str
    name: str
    chunks: list[str]


@dataclass
class Index:
    """Vectors and texts of one embedding model. Row n of the vectors is the nth chunk of all
    documents."""

    model: str
    dimension: int
    entries: list[Entry] = field(default_factory=list)
    vectors: Any = None

    def __post_init__(self) -> None:
        if self.vectors is None:
            self.vectors = faiss.IndexFlatIP(self.dimension)
        self._rows = [(entry, number) for entry in self.entries for number in range(len(entry.chunks))]

    def with_entry(self, entry: Entry, vectors: Vectors) -> "Index":
        """Return an index with one more document."""
        grown = faiss.clone_index(self.vectors)
        grown.add(np.ascontiguousarray(vectors))
        return Index(self.model, self.dimension, [*self.entries, entry], grown)

    def without(self, document_id: str) -> "Index":
        """Return an index without a document."""
        rows = [row for row, (entry, _) in enumerate(self._rows) if entry.id == document_id]
        if not rows:
            return self
        shrunk = faiss.clone_index(self.vectors)
        # The stubs know the selectors of C++ only.
        shrunk.remove_ids(np.array(rows, dtype=np.int64))  # type: ignore[arg-type]
        entries = [entry for entry in self.entries if entry.id != document_id]
        return Index(self.model, self.dimension, entries, shrunk)

    def search(self, vector: Vectors, k: int) -> list[tuple[Entry, int, float]]:
        """Return document, chunk number and cosine similarity of the nearest chunks."""
        if not self._rows:
            return []
        scores, rows = self.vectors.search(vector[None, :], min(k, len(self._rows)))
        return [(*self._rows[row], float(score)) for row, score in zip(rows[0], scores[0], strict=True)]


class IndexFile:
    """The file of the index, in a folder that several processes use."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "index.zip"
        self._lock = folder / "index.lock"

    def version(self) -> tuple[int, int, int] | None:
        """Return a value that changes with the file. Return None while there is no file."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def locked(self) -> AbstractContextManager[None]:
        """Return a lock that keeps other writers out. The kernel frees the lock of a killed
        process."""
        return held(self._lock)

    def read(self) -> Index:
        """Return the index. Its file must exist."""
        try:
            with zipfile.ZipFile(self._path) as archive:
                content = json.loads(archive.read("documents.json"))
                vectors = faiss.deserialize_index(np.frombuffer(archive.read("vectors.faiss"), np.uint8))
            entries = [Entry(**entry) for entry in content["documents"]]
        except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise Unavailable("index", UNREADABLE.format(error)) from error
        if vectors.ntotal != sum(len(entry.chunks) for entry in entries):
            raise Unavailable("index", UNREADABLE.format("vectors and chunks differ in number"))
        return Index(content["model"], content["dimension"], entries, vectors)

    def write(self, index: Index) -> None:
        """Replace the file. The caller holds the lock."""
        content = {
            "model": index.model,
            "dimension": index.dimension,
            "documents": [vars(entry) for entry in index.entries],
        }
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("documents.json", json.dumps(content, ensure_ascii=False))
            archive.writestr("vectors.faiss", faiss.serialize_index(index.vectors).tobytes())
        write_whole(self._path, buffer.getvalue())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file completely or not at all, even when the power fails."""
    new = path.with_name(f"{path.name}.new")
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise Unavailable("data folder", f"{path.name} cannot be written ({error.strerror})") from error
