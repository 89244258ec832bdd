"""From the bytes of a file to its passages and their vectors. Extras: documents, models."""

import time
from dataclasses import dataclass

import numpy as np

from ragkit.bounds import Bound
from ragkit.embeddings import Embedder, Vectors
from ragkit.errors import Unreadable
from ragkit.metrics import stage
from ragkit.readers import Checkpoint, no_checkpoint, read_text
from ragkit.splitter import CHUNK_OVERLAP, CHUNK_SIZE, split

# The last code point of the Latin script, apart from rare letters.
LAST_LATIN = "\u024f"
# A sample is enough to tell the script of a document.
SAMPLE = 100_000
NOT_ENGLISH = (
    "the local embedding model was made for English, so questions find little in this document; "
    "for other languages, choose a multilingual model, such as bge-m3 of Ollama"
)


@dataclass(frozen=True)
class Passages:
    """The texts of a file's passages, their vectors, and a note for the person who uploaded it, or
    ""."""

    texts: list[str]
    vectors: Vectors
    note: str


def make_passages(
    content: bytes,
    media_type: str,
    embedder: Embedder,
    checkpoint: Checkpoint = no_checkpoint,
    *,
    size: int = CHUNK_SIZE,
    overlap: int = CHUNK_OVERLAP,
    bound: Bound | None = None,
) -> Passages:
    """Read, split and embed a file. Sizes are in characters.

    Raises Unreadable for an unreadable file or too many passages, or the exception of the
    checkpoint. The checkpoint is called at least once per batch of the embedder, per page of a PDF
    and per 200,000 characters.
    """
    limits = embedder.limits
    with stage("parse"):
        text = read_text(content, media_type, checkpoint)
    with stage("split"):
        texts = split(text, media_type, size, overlap, limits.window, checkpoint)
    if bound and len(texts) > bound.most:
        raise Unreadable(
            f"it has {len(texts)} passages, more than {bound.setting}, which is {bound.most}; "
            "divide the file, or increase the setting"
        )
    vectors = []
    for start in range(0, len(texts), limits.batch):
        checkpoint()
        with stage("embed"):
            vectors.append(embedder.embed(texts[start : start + limits.batch]))
    note = NOT_ENGLISH if limits.english_only and not _is_latin(text) else ""
    return Passages(texts, np.concatenate(vectors), note)


def deadline(seconds: float, setting: str) -> Checkpoint:
    """Return a checkpoint that raises Unreadable after this time. The reason names the setting."""
    end = time.monotonic() + seconds

    def check() -> None:
        if time.monotonic() >= end:
            raise Unreadable(too_slow(seconds, setting))

    return check


def too_slow(seconds: float, setting: str) -> str:
    """Return the reason for a file that takes too long."""
    return (
        f"the ingestion takes longer than {setting}, which is {seconds:.0f} s; "
        "divide the file, or increase the setting"
    )


def _is_latin(text: str) -> bool:
    """Return whether at least half of the letters are Latin."""
    letters = [character for character in text[:SAMPLE] if character.isalpha()]
    return 2 * sum(letter <= LAST_LATIN for letter in letters) >= len(letters)
