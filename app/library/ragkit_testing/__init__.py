"""The code that the tests of the library and of the applications share. It is not part of the
wheel."""

from collections.abc import Sequence

import numpy as np

from ragkit.embeddings import Limits, Vectors, normalise
from ragkit.providers import ModelSettings

MODEL = ModelSettings("local", "letters", dimension=26)


class Letters:
    """An embedder that counts letters: texts with the same letters are similar. It counts its
    texts."""

    limits = Limits()

    def __init__(self) -> None:
        self.texts = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one vector per text."""
        self.texts += len(texts)
        counts = [[1 + text.lower().count(chr(97 + letter)) for letter in range(26)] for text in texts]
        return normalise(np.array(counts, dtype=np.float32).reshape(len(texts), 26))

    def check(self) -> None:
        """Do nothing."""
