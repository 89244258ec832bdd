"""The route of the questions: one answer as JSON, or a stream of server-sent events."""

import json
import logging
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from ragapp.answers import answer
from ragapp.api.database import problem_of
from ragapp.api.dependencies import get_services
from ragapp.api.problems import Problem, ProblemDetails
from ragapp.api.questions import Question
from ragapp.retrieval import Source, Timings, retrieve
from ragapp.services import Services

log = logging.getLogger(__name__)

router = APIRouter(tags=["query"])


class SourceView(BaseModel):
    """A passage that the answer rests on; the score is the cosine similarity to the question."""

    document: str
    document_id: str
    chunk: int
    text: str
    score: float


class Answer(BaseModel):
    """An answer with its sources, in the order of the citations [1], [2], …, and the stages' milliseconds."""

    answer: str
    sources: list[SourceView]
    timings: dict[str, float]


@router.post(
    "/api/query",
    response_model=Answer,
    summary="Ask a question",
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
        409: {"model": ProblemDetails},
        422: {"model": ProblemDetails},
        502: {"model": ProblemDetails},
        503: {"model": ProblemDetails},
    },
)
def query(
    body: Question, request: Request, services: Annotated[Services, Depends(get_services)]
) -> Answer | StreamingResponse:
    """Answer; with `Accept: text/event-stream` as events: sources, token…, done (or error)."""
    timings = Timings()
    sources = retrieve(services, body.question, body.k, timings)
    if "text/event-stream" in request.headers.get("accept", ""):
        # Retrieval came first, so that its errors still have a status of their own.
        return StreamingResponse(
            _events(services, body.question, sources, timings),
            media_type="text/event-stream",
            # Without this nginx collects the answer before it passes it on.
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
    with timings.measure("generate"):
        words = "".join(answer(services.chat_model, body.question, sources))
    return Answer(
        answer=words,
        sources=[SourceView.model_validate(source.as_json()) for source in sources],
        timings=timings.milliseconds,
    )


def _events(services: Services, question: str, sources: Sequence[Source], timings: Timings) -> Iterator[str]:
    yield _event("sources", {"sources": [source.as_json() for source in sources]})
    try:
        with timings.measure("generate"):
            for token in answer(services.chat_model, question, sources):
                yield _event("token", {"text": token})
        yield _event("done", {"timings": timings.milliseconds})
    except Exception as error:
        problem = problem_of(error)
        if problem is None:
            log.exception("an answer broke off")
            problem = Problem(500, "an unexpected error; the log has it")
        yield _event("error", {"detail": problem.detail, "status": problem.status})


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
