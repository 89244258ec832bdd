"""The route of questions: one answer as JSON, or a stream of server-sent events."""

import json
import logging
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from ragapp.api.dependencies import get_services
from ragapp.api.token_limit import Allowance, allowance
from ragapp.retrieval import Source, Timings, retrieve
from ragapp.services import Services
from ragkit.answers import answer
from ragkit.api.database import problem_of
from ragkit.api.identity import Identity, identity_of
from ragkit.api.problems import UNEXPECTED, Problem, responses
from ragkit.api.questions import Question

log = logging.getLogger(__name__)

router = APIRouter(tags=["query"])


class SourceView(BaseModel):
    """A passage that the answer is based on. The score is the cosine similarity to the question."""

    document: str
    document_id: str
    chunk: int
    text: str
    score: float


class Answer(BaseModel):
    """An answer, its sources in the order of the citations [1], [2], …, and the time of each
    stage."""

    answer: str
    sources: list[SourceView]
    timings: dict[str, float]


@router.post(
    "/api/query",
    response_model=Answer,
    summary="Ask a question",
    responses=responses(409, 429, 502, 503)
    | {
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
    },
)
def query(
    body: Question,
    request: Request,
    response: Response,
    services: Annotated[Services, Depends(get_services)],
    identity: Annotated[Identity | None, Depends(identity_of)],
) -> Answer | StreamingResponse:
    """Answer a question. With `Accept: text/event-stream` the answer is a stream of events:
    sources, token…, done (or error)."""
    allowed = allowance(services, identity)
    timings = Timings()
    sources = retrieve(services, body.question, body.k, timings)
    if "text/event-stream" in request.headers.get("accept", ""):
        # Retrieval is done before the stream starts. Its errors still set the status.
        return StreamingResponse(
            _events(services, body.question, sources, timings, allowed),
            media_type="text/event-stream",
            # Without this header nginx buffers the answer.
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no", **allowed.headers},
        )
    with timings.measure("generate"):
        text = "".join(answer(services.chat_model, body.question, sources, allowed.spent))
    response.headers.update(allowed.headers)
    return Answer(
        answer=text,
        sources=[SourceView.model_validate(source.as_json()) for source in sources],
        timings=timings.milliseconds,
    )


def _events(
    services: Services, question: str, sources: Sequence[Source], timings: Timings, allowed: Allowance
) -> Iterator[str]:
    yield _event("sources", {"sources": [source.as_json() for source in sources]})
    try:
        with timings.measure("generate"):
            for token in answer(services.chat_model, question, sources, allowed.spent):
                yield _event("token", {"text": token})
        yield _event("done", {"timings": timings.milliseconds})
    except Exception as error:
        problem = problem_of(error)
        if problem is None:
            log.exception("an answer failed")
            problem = Problem(500, UNEXPECTED)
        yield _event("error", {"detail": problem.detail, "status": problem.status})


def _event(name: str, data: dict[str, Any]) -> str:
    # The events are ASCII, because some clients also end a line at U+2028, U+2029 or U+0085.
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
