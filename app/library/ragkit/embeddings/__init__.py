"""Embeddings: turn texts into vectors of length one. Their dot product is the cosine. Extra:
models."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ragkit.providers import WORDPIECE_TOKENS, ModelSettings

# One vector per row, or a single vector.
Vectors = NDArray[np.float32]


class Window(Protocol):
    """The number of tokens that a model reads of one text. The model ignores the rest."""

    @property
    def tokens(self) -> int:
        """Return the number of tokens that the model reads."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text."""


@dataclass(frozen=True)
class Limits:
    """The limits of an embedder.

    `batch` is the number of texts per call, and no checkpoint interrupts a call. Without a `window`
    the provider refuses texts that are too long.
    """

    batch: int = 64
    window: Window | None = None
    english_only: bool = False


class Embedder(Protocol):
    """Turns texts into vectors."""

    @property
    def limits(self) -> Limits:
        """Return its limits."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one vector per text, in order."""

    def check(self) -> None:
        """Raise Unavailable when the embedder cannot be used. Never calls a provider that charges
        for requests.
        """


def normalise(vectors: NDArray[Any]) -> Vectors:
    """Return the vectors scaled to length one. A zero vector stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def make_embedder(settings: ModelSettings, *, compact: bool = False) -> Embedder:
    """Return the embedder that the settings name. A compact local embedder needs less memory and
    more time.
    """
    if settings.provider == "local":
        # Imported here: the runtime of the model takes 60 MB of memory, which remote providers do
        # not need.
        from ragkit.embeddings.local import LocalEmbedder

        return LocalEmbedder(settings.model_dir, compact=compact)
    from ragkit.embeddings.remote import RemoteEmbedder
    from ragkit.openai_client import make_client

    window = _wordpiece_window(settings.model, settings.model_dir)
    return RemoteEmbedder(make_client(settings), settings.model, settings.dimension, window)


def _wordpiece_window(model: str, model_dir: Path) -> Window | None:
    """Return the window of a remote model that has the vocabulary of the local one."""
    file = model_dir / "tokenizer.json"
    if model not in WORDPIECE_TOKENS or not file.exists():
        return None
    from ragkit.embeddings.wordpiece import WordPieceWindow

    return WordPieceWindow(file, WORDPIECE_TOKENS[model])
