"""The route of questions: the nearest passages, and an answer that is based on them."""

from fastapi import APIRouter
from sqlalchemy import select

from myrag.services import Given, Services
from myrag.tables import chunks, documents
from ragkit.answers import answer
from ragkit.api.library import Answer, Source
from ragkit.api.problems import responses
from ragkit.api.questions import Question
from ragkit.metrics import count_retrieved, stage
from ragkit.pgvector import widen_search

router = APIRouter(tags=["query"])


@router.post(
    "/api/query",
    summary="Ask a question",
    responses=responses(502, 503),
)
def query(body: Question, services: Given) -> Answer:
    """Answer from the stored documents. Without a language model the answer quotes the passages."""
    sources = _retrieve(services, body.question, body.k)
    with stage("generate"):
        text = "".join(answer(services.chat_model, body.question, sources))
    return Answer(answer=text, sources=sources)


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
        widen_search(connection, k)
        rows = connection.execute(nearest).all()
    count_retrieved(len(rows))
    return [
        Source(document=row.name, chunk=row.ordinal, text=row.text, score=round(float(row.score), 4))
        for row in rows
    ]
