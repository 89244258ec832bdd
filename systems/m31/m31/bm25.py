"""Okapi BM25: ranks passages by the words that they share with the question. Rare words count
most."""

import math
import re
from collections import Counter
from collections.abc import Sequence

# The usual values of k1 (how little repetitions of a word count) and b (the penalty for long
# passages).
K1 = 1.5
B = 0.75

# Words that say nothing about the subject of a question. "not" and "no" are not among them.
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a am an and are as at be been but by can did do does for from had has have how i if in into is
        it its me my of on or our so than that the their them then there these they this to was we were
        what when where which who why will with would you your
        """,
    )
)


def words(text: str) -> list[str]:
    """Return the words of a text: lower case, without stop words, simple forms reduced to a
    stem."""
    found = re.findall(r"[a-z0-9]+", text.lower().replace("'s", ""))
    return [_stem(word) for word in found if word not in STOP_WORDS]


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    return word.removesuffix("e") if len(word) > 3 else word


class Ranking:
    """The statistics of a fixed list of texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._counts = [Counter(words(text)) for text in texts]
        self._lengths = [counts.total() for counts in self._counts]
        self._average = sum(self._lengths) / max(len(self._lengths), 1) or 1.0
        self._containing = Counter(word for counts in self._counts for word in counts)

    def best(self, question: str, k: int) -> list[tuple[int, float]]:
        """Return index and score of at most k texts that share a word with the question, best
        first."""
        asked = set(words(question))
        scored = (
            (index, sum(self._score(index, word) for word in asked)) for index in range(len(self._counts))
        )
        return sorted(((i, score) for i, score in scored if score > 0), key=lambda item: (-item[1], item[0]))[
            :k
        ]

    def _score(self, index: int, word: str) -> float:
        count = self._counts[index][word]
        containing = self._containing[word]
        rarity = math.log(1 + (len(self._counts) - containing + 0.5) / (containing + 0.5))
        length = 1 - B + B * self._lengths[index] / self._average
        return rarity * count * (K1 + 1) / (count + K1 * length)
