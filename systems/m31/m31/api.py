"""The routes: a question, the service's health, its metrics."""

from typing import Annotated

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from m31 import problems
from m31.cache import AnswerCache
from m31.documents import Documents, answer
from m31.metrics import RequestMetrics


class Question(BaseModel):
    """A question and the greatest number of passages to return."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    k: Annotated[int, Field(ge=1, le=20)] = 3


class Source(BaseModel):
    """A passage of a document with its BM25 score."""

    document: str
    chunk: int
    text: str
    score: float


class Answer(BaseModel):
    """An answer, what it rests on, and whether it came out of the cache."""

    answer: str
    sources: list[Source]
    cached: bool


def make_app(environment: str, documents: Documents, cache: AnswerCache) -> FastAPI:
    """Return the application."""
    app = FastAPI(title="m31", version="1.0.0", docs_url=None, redoc_url=None)
    problems.install(app)
    app.add_middleware(RequestMetrics)

    @app.get("/health")
    def health() -> dict[str, str]:
        """Answer while the process does; Redis is only told of, because questions are answered without it."""
        return {"status": "ok", "environment": environment, "redis": cache.state()}

    @app.post("/query")
    def query(body: Question) -> Answer:
        """Answer a question out of the documents."""
        if kept := cache.get(body.question, body.k):
            return Answer(**kept, cached=True)
        found = documents.search(body.question, body.k)
        made = {
            "answer": answer(found),
            "sources": [vars(one.passage) | {"score": one.score} for one in found],
        }
        cache.put(body.question, body.k, made)
        return Answer.model_validate(made | {"cached": False})

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app
