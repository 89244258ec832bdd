"""Retrieval: the question becomes a vector, and the nearest passages are found for it."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from ragapp.models import Chunk, Document
from ragapp.services import Services
from ragapp.space import check_space
from ragapp.stores import Hit
from ragkit.metrics import count_retrieved, stage


@dataclass(frozen=True)
class Source:
    """A passage with its document and its cosine similarity to the question."""

    document: str
    document_id: uuid.UUID
    chunk: int
    text: str
    score: float

    def as_json(self) -> dict[str, object]:
        """Return the source as plain values."""
        return asdict(self) | {"document_id": str(self.document_id)}


@dataclass
class Timings:
    """The milliseconds of each stage of one query."""

    milliseconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Measure a stage for this answer and for the metrics."""
        started = time.perf_counter()
        with stage(name):
            yield
        self.milliseconds[f"{name}_ms"] = round((time.perf_counter() - started) * 1000, 1)


def retrieve(services: Services, question: str, k: int, timings: Timings) -> list[Source]:
    """Return at most k passages, best first."""
    with Session(services.engine) as session:
        # Checked before the embedding, which may cost money. The embedding runs outside of a
        # transaction, because it takes time.
        with session.begin():
            check_space(session, services.settings)
        with timings.measure("embed"):
            vector = services.query_embedder.embed(question)
        with timings.measure("retrieve"), session.begin():
            hits = services.store.search(session, vector, k)
            sources = _with_texts(session, [hit for hit in hits if hit.score >= services.settings.min_score])
    count_retrieved(len(sources))
    return sources


def _with_texts(session: Session, hits: list[Hit]) -> list[Source]:
    rows = session.execute(
        select(Document.name, Chunk.document_id, Chunk.ordinal, Chunk.text)
        .join(Document, Document.id == Chunk.document_id)
        .where(tuple_(Chunk.document_id, Chunk.ordinal).in_([(hit.document_id, hit.ordinal) for hit in hits]))
    )
    found = {(document_id, ordinal): (name, text) for name, document_id, ordinal, text in rows}
    sources = []
    for hit in hits:
        # Chroma may still have a chunk whose document was just deleted here.
        if (hit.document_id, hit.ordinal) in found:
            name, text = found[hit.document_id, hit.ordinal]
            sources.append(Source(name, hit.document_id, hit.ordinal, text, round(hit.score, 4)))
    return sources
