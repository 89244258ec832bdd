"""The documents in the image, split into one passage per heading, and the answers from them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from m31.bm25 import Ranking

FOLDER = Path(__file__).parent.parent / "documents"
NOTHING_FOUND = (
    "The documents do not cover this. "
    "The documents are about containers that do not start or do not keep running."
)


@dataclass(frozen=True)
class Passage:
    """A part of a document: its heading and the text below."""

    document: str
    chunk: int
    text: str


@dataclass(frozen=True)
class Found:
    """A passage with its BM25 score. Scores of different questions cannot be compared."""

    passage: Passage
    score: float


class Documents:
    """All passages, ranked for a question."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._passages = [passage for path in sorted(folder.glob("*.md")) for passage in _passages(path)]
        if not self._passages:
            raise ValueError(f"{folder} holds no Markdown documents")
        self._ranking = Ranking([passage.text for passage in self._passages])
        texts = "\0".join(f"{passage.document}\0{passage.text}" for passage in self._passages)
        self.version = hashlib.sha256(texts.encode()).hexdigest()[:16]

    def search(self, question: str, k: int) -> list[Found]:
        """Return at most k passages, best first."""
        best = self._ranking.best(question, k)
        return [Found(self._passages[index], round(score, 4)) for index, score in best]


def answer(found: list[Found]) -> str:
    """Return the best passage as the answer. There is no language model."""
    if not found:
        return NOTHING_FOUND
    heading, _, text = found[0].passage.text.partition("\n")
    return f"{heading.lstrip('# ')}: {text.strip()} [1]"


def _passages(path: Path) -> list[Passage]:
    # The title is the start of every passage, because it names the problem.
    title, *sections = path.read_text(encoding="utf-8").split("\n## ")
    heading, _, introduction = title.partition("\n")
    name = heading.lstrip("# ").strip()
    texts = [f"{name}\n{introduction.strip()}"]
    for section in sections:
        head, _, body = section.partition("\n")
        texts.append(f"{name} - {head.strip()}\n{body.strip()}")
    return [Passage(path.name, number, text) for number, text in enumerate(texts)]
