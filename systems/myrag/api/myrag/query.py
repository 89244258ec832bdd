"""The route of the questions: the nearest passages, and an answer that rests on them."""

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import select, text

from myrag.services import Given, Services
from myrag.tables import chunks, documents
from ragapp.answers import answer
from ragapp.api.problems import ProblemDetails
from ragapp.api.questions import Question
from ragapp.metrics import EMPTY_RETRIEVALS, RETRIEVED_CHUNKS, stage

router = APIRouter(tags=["query"])

# pgvector looks at 40 candidates unless told; it cannot return more than it looks at.
MIN_CANDIDATES = 40


class Source(BaseModel):
    """A passage that the answer rests on; the score is the cosine similarity to the question."""

    document: str
    chunk: int
    text: str
    score: float


class Answer(BaseModel):
    """An answer with its sources, in the order of the citations [1], [2], …."""

    answer: str
    sources: list[Source]


@router.post(
    "/api/query",
    summary="Ask a question",
    responses={code: {"model": ProblemDetails} for code in (422, 502, 503)},
)
def query(body: Question, services: Given) -> Answer:
    """Answer from the stored documents; without a language model the answer quotes the passages."""
    sources = _retrieve(services, body.question, body.k)
    with stage("generate"):
        words = "".join(answer(services.chat_model, body.question, sources))
    return Answer(answer=words, sources=sources)


def _retrieve(services: Services, question: str, k: int) -> list[Source]:
    with stage("embed"):
        vector = services.embedder.embed([question])[0]
    distance = chunks.c.embedding.cosine_distance(vector)
    nearest = (
        select(documents.c.name, chunks.c.ordinal, chunks.c.text, (1 - distance).label("score"))
        .join(documents, documents.c.id == chunks.c.document_id)
        .order_by(distance)
        .limit(k)
    )
    with stage("retrieve"), services.engine.begin() as connection:
        connection.execute(text(f"SET LOCAL hnsw.ef_search = {max(MIN_CANDIDATES, 2 * k)}"))
        rows = connection.execute(nearest).all()
    RETRIEVED_CHUNKS.observe(len(rows))
    if not rows:
        EMPTY_RETRIEVALS.inc()
    return [
        Source(document=row.name, chunk=row.ordinal, text=row.text, score=round(float(row.score), 4))
        for row in rows
    ]
