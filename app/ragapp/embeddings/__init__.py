"""Embeddings: texts become vectors of length one, so that a dot product is the cosine similarity."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ragapp.providers import ModelSettings
from ragapp.secret_files import read_secret

# One vector a row, or a single vector.
Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into vectors."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one vector a text, in order."""

    def check(self) -> None:
        """Raise Unavailable when the embedder cannot be used; asks no one who takes money for it."""


def normalise(vectors: NDArray[Any]) -> Vectors:
    """Return the vectors scaled to length one; a zero vector stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def make_embedder(settings: ModelSettings, *, compact: bool = False) -> Embedder:
    """Return the embedder that the settings name; a compact local one takes less memory and more time."""
    if settings.provider == "local":
        # Imported here: the model's runtime takes 60 MB of memory that remote providers do not need.
        from ragapp.embeddings.local import LocalEmbedder

        return LocalEmbedder(settings.model_dir, compact=compact)
    from ragapp.embeddings.remote import RemoteEmbedder
    from ragapp.openai_client import OpenAIClient

    key_file = settings.key_file
    client = OpenAIClient(
        settings.provider,
        settings.base_url,
        key=(lambda: read_secret(key_file)) if key_file else None,
        timeout=settings.timeout,
    )
    return RemoteEmbedder(client, settings.model, settings.dimension)
