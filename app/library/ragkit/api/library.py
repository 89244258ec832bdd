"""The API of a small application, over any store of vectors. Extras: api, documents, models.

POST /documents   a multipart form's `file`
GET  /documents
POST /query       {"question": …, "k": 5}
GET  /health
GET  /docs        Swagger UI
GET  /metrics     a gateway must not forward it
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import FastAPI, File, Response, UploadFile
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import BaseModel
from starlette.types import StatelessLifespan

from ragkit.answers import answer
from ragkit.api import docs, identity, limits, openapi, problems, telemetry
from ragkit.api.body_limit import Uploads
from ragkit.api.problems import responses
from ragkit.api.questions import Question
from ragkit.api.uploads import Upload, read_upload
from ragkit.errors import Refused, SpaceMismatch, Unavailable
from ragkit.llm import ChatModel
from ragkit.metrics import count_retrieved, stage


class Document(BaseModel):
    """A document that questions are answered from."""

    id: str
    name: str
    chunks: int


class Source(BaseModel):
    """A passage that an answer is based on. The score is the cosine similarity to the question."""

    document: str
    chunk: int
    text: str
    score: float


class Answer(BaseModel):
    """An answer with its sources, in the order of the citations [1], [2], …."""

    answer: str
    sources: list[Source]


class Library(Protocol):
    """A store of documents. A library raises the errors of `ragkit.errors`, or Problems."""

    def add(self, upload: Upload) -> tuple[Document, bool]:
        """Make a file searchable. Return False when the same bytes are stored already."""

    def documents(self) -> Sequence[Document]:
        """Return all documents by name."""

    def search(self, question: str, k: int) -> list[Source]:
        """Return the k passages nearest to the question, best first."""


class LibraryCollector(Collector):
    """The size of the library. All processes report the same values: queries take max(), not
    sum()."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def collect(self) -> Iterable[Metric]:
        """Ask the library. While the library cannot be used, only these metrics are absent."""
        try:
            documents = self._library.documents()
        except (Unavailable, Refused, SpaceMismatch):
            return
        yield GaugeMetricFamily("rag_index_documents", "Documents indexed.", value=len(documents))
        chunks = sum(document.chunks for document in documents)
        yield GaugeMetricFamily("rag_index_chunks", "Chunks indexed.", value=chunks)


def make_app(
    title: str,
    library: Library,
    chat_model: ChatModel | None,
    *,
    max_upload_mb: int = 25,
    lifespan: StatelessLifespan[FastAPI] | None = None,
    data: Path | None = None,
) -> FastAPI:
    """Return the application for a library. `data` is the folder of its volume."""
    app = FastAPI(
        title=title, version="1.0.0", docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=lifespan
    )
    problems.install(app)
    openapi.install(app)
    uploads = Uploads(("/documents",), max_upload_mb, "MAX_UPLOAD_MB")
    limits.install(app, questions=("/query",), uploads=uploads)
    identity.install(app)
    docs.install(app)
    telemetry.install(app, LibraryCollector(library), *([telemetry.DataCollector(data)] if data else []))
    failures = responses(409, 502, 503)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Answer 200 while the process runs. No dependency is checked."""
        return {"status": "ok"}

    @app.post("/documents", status_code=201, responses=failures | responses(413, 415))
    def upload(file: Annotated[UploadFile, File()], response: Response) -> Document:
        """Make a file searchable. Answers 200 when the same bytes are stored already."""
        with stage("ingest"):
            document, is_new = library.add(read_upload(file, max_upload_mb, "MAX_UPLOAD_MB"))
        response.status_code = 201 if is_new else 200
        return document

    @app.get("/documents", responses=failures)
    def documents() -> list[Document]:
        """List the documents by name."""
        return list(library.documents())

    @app.post("/query", responses=failures)
    def query(question: Question) -> Answer:
        """Answer a question from the documents."""
        with stage("retrieve"):
            sources = library.search(question.question, question.k)
        count_retrieved(len(sources))
        with stage("generate"):
            text = "".join(answer(chat_model, question.question, sources))
        return Answer(answer=text, sources=sources)

    return app
