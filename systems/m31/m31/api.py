"""The routes (a question, the health of the service, its metrics) and the server."""

from typing import Annotated

from fastapi import FastAPI
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from m31 import settings
from m31.cache import AnswerCache, connect
from m31.documents import Documents, answer
from ragkit.api import docs, identity, limits, openapi, problems, server, telemetry
from ragkit.api.overload import apart
from ragkit.api.questions import Whole, sensible
from ragkit.environment import or_exit
from ragkit.logs import configure_logs


class Question(BaseModel):
    """A question and the maximum number of passages to return."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[
        str,
        StringConstraints(min_length=1, max_length=2000),
        AfterValidator(lambda text: sensible(text, "the question")),
    ]
    k: Annotated[Whole, Field(ge=1, le=20)] = 3


class Source(BaseModel):
    """A passage of a document with its BM25 score."""

    document: str
    chunk: int
    text: str
    score: float


class Answer(BaseModel):
    """An answer, its sources, and whether it came from the cache."""

    answer: str
    sources: list[Source]
    cached: bool


def make_app(environment: str, documents: Documents, cache: AnswerCache) -> FastAPI:
    """Return the application."""
    app = FastAPI(title="m31", version="1.0.0", docs_url=None, redoc_url=None, redirect_slashes=False)
    problems.install(app)
    openapi.install(app)
    limits.install(app, questions=("/query",))
    identity.install(app)
    docs.install(app)
    telemetry.install(app)

    @app.get("/health")
    @apart
    def health() -> dict[str, str]:
        """Answer 200 while the process runs. Redis is only reported, because the service works
        without it."""
        return {"status": "ok", "environment": environment, "redis": cache.state()}

    @app.post("/query")
    def query(body: Question) -> Answer:
        """Answer a question from the documents."""
        if kept := cache.get(body.question, body.k):
            return Answer(**kept, cached=True)
        found = documents.search(body.question, body.k)
        made = {
            "answer": answer(found),
            "sources": [vars(one.passage) | {"score": one.score} for one in found],
        }
        cache.put(body.question, body.k, made)
        return Answer.model_validate(made | {"cached": False})

    return app


def serve() -> int:
    """Serve on all addresses of the container until SIGTERM, then finish the requests in
    progress."""
    loaded = or_exit(settings.load)
    configure_logs()
    documents = or_exit(Documents)
    cache = AnswerCache(connect(loaded), documents.version)
    app = make_app(loaded.environment, documents, cache)
    # No drain is needed, because the gateway notices at once that a replica has stopped.
    return server.serve(app, loaded.port, drain_seconds=0, shutdown_seconds=15)
