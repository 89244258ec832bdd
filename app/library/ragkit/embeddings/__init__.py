"""Embeddings: texts become vectors of length one. Their dot product is the cosine. Extra: models."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ragkit.providers import ModelSettings

# One vector per row, or a single vector.
Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into vectors."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one vector per text, in order."""

    def check(self) -> None:
        """Raise Unavailable when the embedder cannot be used. Calls no provider that charges for it."""


def normalise(vectors: NDArray[Any]) -> Vectors:
    """Return the vectors scaled to length one. A zero vector stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def make_embedder(settings: ModelSettings, *, compact: bool = False) -> Embedder:
    """Return the embedder that the settings name. A compact local one takes less memory and more time."""
    if settings.provider == "local":
        # Imported here: the runtime of the model takes 60 MB of memory, which remote providers do not need.
        from ragkit.embeddings.local import LocalEmbedder

        return LocalEmbedder(settings.model_dir, compact=compact)
    from ragkit.embeddings.remote import RemoteEmbedder
    from ragkit.openai_client import make_client

    return RemoteEmbedder(make_client(settings), settings.model, settings.dimension)
