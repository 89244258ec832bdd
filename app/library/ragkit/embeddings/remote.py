"""Embeddings from an OpenAI-compatible endpoint."""

from collections.abc import Sequence

import numpy as np

from ragkit.embeddings import Limits, Vectors, Window, normalise
from ragkit.errors import Refused
from ragkit.metrics import TOKENS
from ragkit.openai_client import OpenAIClient

# Texts per request, far below the limits of all providers.
BATCH = 64


class RemoteEmbedder:
    """Asks for vectors in batches. Refuses vectors whose dimension is not the expected one."""

    def __init__(
        self, client: OpenAIClient, model: str, dimension: int, window: Window | None = None
    ) -> None:
        self._client = client
        self._model = model
        self._dimension = dimension
        self.limits = Limits(BATCH, window)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one vector per text, in order."""
        batches = [self._embed(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
        return np.concatenate(batches) if batches else np.empty((0, self._dimension), np.float32)

    def check(self) -> None:
        """Raise Unavailable when a self-hosted endpoint does not answer."""
        self._client.check()

    def _embed(self, texts: Sequence[str]) -> Vectors:
        body: dict[str, object] = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        if self._model.startswith("text-embedding-3"):
            body["dimensions"] = self._dimension
        answer = self._client.post("/embeddings", body)
        TOKENS.labels("embedding").inc((answer.get("usage") or {}).get("prompt_tokens") or 0)
        try:
            items = sorted(answer["data"], key=lambda item: item["index"])
            vectors = np.array([item["embedding"] for item in items], dtype=np.float32)
        except (KeyError, TypeError, ValueError) as error:
            raise Refused(f"{self._client.provider} answered without usable embeddings") from error
        if vectors.shape != (len(texts), self._dimension):
            raise Refused(
                f"{self._client.provider} returned vectors of shape {vectors.shape} for {len(texts)} texts; "
                f"the configured dimension is {self._dimension}"
            )
        return normalise(vectors)
