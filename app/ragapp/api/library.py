"""The API of a small application: documents in, questions answered, whatever keeps the vectors.

POST /documents   a multipart form's `file`
GET  /documents
POST /query       {"question": …, "k": 5}
GET  /health
GET  /metrics     which a gateway must not forward
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Protocol

from fastapi import FastAPI, File, Response, UploadFile
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import BaseModel
from starlette.types import StatelessLifespan

from ragapp.answers import answer
from ragapp.api import problems, telemetry
from ragapp.api.body_limit import BodyLimit
from ragapp.api.problems import ProblemDetails
from ragapp.api.questions import Question
from ragapp.api.uploads import FORM_BYTES, Upload, read_upload
from ragapp.errors import Refused, SpaceMismatch, Unavailable
from ragapp.llm import ChatModel
from ragapp.metrics import EMPTY_RETRIEVALS, RETRIEVED_CHUNKS, stage


class Document(BaseModel):
    """A document that questions are answered from."""

    id: str
    name: str
    chunks: int


class Source(BaseModel):
    """A passage that an answer rests on; the score is the cosine similarity to the question."""

    document: str
    chunk: int
    text: str
    score: float


class Answer(BaseModel):
    """An answer with its sources, in the order of the citations [1], [2], …."""

    answer: str
    sources: list[Source]


class Library(Protocol):
    """What keeps the documents; errors are those of `ragapp.errors`, or Problems."""

    def add(self, upload: Upload) -> tuple[Document, bool]:
        """Make a file searchable; False when the same bytes were there before."""

    def documents(self) -> Sequence[Document]:
        """Return all documents by name."""

    def search(self, question: str, k: int) -> list[Source]:
        """Return the k passages nearest to the question, best first."""


class LibraryCollector(Collector):
    """How much the library holds; every process tells the same, so queries take max(), not sum()."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def collect(self) -> Iterable[Metric]:
        """Ask the library; while it cannot be used these metrics are absent, the others are not."""
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
) -> FastAPI:
    """Return the application for a library."""
    app = FastAPI(title=title, version="1.0.0", docs_url=None, redoc_url=None, lifespan=lifespan)
    problems.install(app)
    app.add_middleware(
        BodyLimit,
        max_upload_mb * 1024 * 1024 + FORM_BYTES,
        f"larger than MAX_UPLOAD_MB, which is {max_upload_mb}",
    )
    telemetry.install(app, LibraryCollector(library))
    failures: dict[int | str, dict[str, object]] = {
        status: {"model": ProblemDetails} for status in (409, 422, 502, 503)
    }

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Answer while the process does, whatever it depends on."""
        return {"status": "ok"}

    @app.post("/documents", status_code=201, responses=failures | {413: {"model": ProblemDetails}})
    def upload(file: Annotated[UploadFile, File()], response: Response) -> Document:
        """Make a file searchable; 200 when the same bytes were there before."""
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
        RETRIEVED_CHUNKS.observe(len(sources))
        if not sources:
            EMPTY_RETRIEVALS.inc()
        with stage("generate"):
            words = "".join(answer(chat_model, question.question, sources))
        return Answer(answer=words, sources=sources)

    return app
