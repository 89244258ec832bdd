"""The routes of memories: add, read, search."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile

from mnemolite import memories
from mnemolite.memories import Memory, Result
from mnemolite.services import Given, Services
from ragkit.api.problems import NO_FILE, Problem, responses
from ragkit.api.questions import Whole, sensible
from ragkit.api.uploads import read_upload

router = APIRouter()


Text = AfterValidator(sensible)


class NewMemory(BaseModel):
    """A text to store, and its source."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1), Text]
    source: Annotated[str, Field(min_length=1, max_length=255), Text] = "api"


class Queued(BaseModel):
    """The answer to a new memory: it is stored, and a worker will make it searchable."""

    id: uuid.UUID


class Query(BaseModel):
    """The text to search for, and the number of passages to find."""

    model_config = ConfigDict(extra="forbid")

    query: Annotated[str, Field(min_length=1, max_length=4000), Text]
    k: Annotated[Whole, Field(ge=1, le=50)] | None = None


class Found(BaseModel):
    """Passages, best first."""

    results: list[Result]


BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": NewMemory.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}


@router.post(
    "/memories",
    status_code=202,
    openapi_extra=BODY,
    responses=responses(413, 415, 422, 503),
    summary="Store a text or a file",
)
async def add(request: Request, services: Given) -> Queued:
    """Store a memory and queue it for ingestion."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form(max_files=1, max_fields=10) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise Problem(422, f"file: {NO_FILE}")
            return await run_in_threadpool(_add_file, services, file)
    if kind == "application/json":
        try:
            given = NewMemory.model_validate_json(await request.body())
        except ValidationError as error:
            raise RequestValidationError(
                [{**item, "loc": ("body", *item["loc"])} for item in error.errors()]
            ) from error
        return await run_in_threadpool(_add, services, given.source, "text/plain", given.text.encode())
    raise Problem(415, "send application/json with text and source, or multipart/form-data with file")


@router.get("/memories/{memory_id}", responses=responses(404, 503), summary="Read a memory")
def read(memory_id: uuid.UUID, services: Given) -> Memory:
    """Return a memory's state: queued, running, done, or failed with the reason."""
    with services.engine.connect() as connection:
        memory = memories.read(connection, memory_id)
    if memory is None:
        raise Problem(404, f"there is no memory {memory_id}")
    return memory


@router.post("/search", responses=responses(503), summary="Search the memories")
def search(body: Query, services: Given) -> Found:
    """Return the passages that are nearest in meaning."""
    return Found(results=services.search(body.query, body.k or services.settings.config.search.default_k))


def _add_file(services: Services, file: UploadFile) -> Queued:
    # The class of FastAPI is a subclass of this one. read_upload uses nothing that it adds.
    given = read_upload(file, services.settings.config.upload.max_mb, "upload.max_mb")  # type: ignore[arg-type]
    return _add(services, given.name, given.media_type, given.content)


def _add(services: Services, source: str, media_type: str, content: bytes) -> Queued:
    with services.engine.begin() as connection:
        return Queued(id=memories.add(connection, source, media_type, content))
