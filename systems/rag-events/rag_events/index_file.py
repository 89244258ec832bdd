"""The index as one file: the vectors as FAISS writes them, and the documents in the same order.

A new index is written beside the old one and renamed over it, so a reader sees the one or the other. Writers
of all containers that share the volume take turns by a lock on a file beside it.
"""

import fcntl
import io
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from ragapp.embeddings import Vectors
from ragapp.errors import Unavailable

UNREADABLE = "the index cannot be read ({}); POST /rebuild makes it anew from the kept documents"


@dataclass(frozen=True)
class Entry:
    """A document with its chunks' texts."""

    id: str
    name: str
    chunks: list[str]


@dataclass
class Index:
    """Vectors and texts of one embedding model; row n of the vectors is the nth chunk of all documents."""

    model: str
    dimension: int
    entries: list[Entry] = field(default_factory=list)
    vectors: Any = None

    def __post_init__(self) -> None:
        if self.vectors is None:
            self.vectors = faiss.IndexFlatIP(self.dimension)
        self._rows = [(entry, number) for entry in self.entries for number in range(len(entry.chunks))]

    def with_entry(self, entry: Entry, vectors: Vectors) -> "Index":
        """Return an index that holds one document more."""
        grown = faiss.clone_index(self.vectors)
        grown.add(np.ascontiguousarray(vectors))
        return Index(self.model, self.dimension, [*self.entries, entry], grown)

    def search(self, vector: Vectors, k: int) -> list[tuple[Entry, int, float]]:
        """Return document, chunk number and cosine similarity of the nearest chunks."""
        if not self._rows:
            return []
        scores, rows = self.vectors.search(vector[None, :], min(k, len(self._rows)))
        return [(*self._rows[row], float(score)) for row, score in zip(rows[0], scores[0], strict=True)]


class IndexFile:
    """The index's file in a folder that several processes use."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "index.zip"
        self._lock = folder / "index.lock"

    def version(self) -> tuple[int, int, int] | None:
        """Return what changes whenever the file does; None while there is none."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep all other writers out; the kernel frees the lock of a process that is killed."""
        with self._lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def read(self) -> Index:
        """Return the index, which must exist."""
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
        """Replace the file; call this with the lock."""
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
    """Write a file so that it is there whole or not at all, also after a loss of power."""
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
