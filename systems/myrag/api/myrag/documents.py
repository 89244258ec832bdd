"""The routes of documents: upload, list, delete."""

import hashlib
import threading
import uuid
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response, UploadFile
from pydantic import BaseModel
from sqlalchemy import delete as delete_from
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from myrag.services import Given, Services
from myrag.tables import chunks, documents
from ragkit.api.problems import Problem, ProblemDetails
from ragkit.api.uploads import Upload, read_upload
from ragkit.embeddings import Vectors
from ragkit.errors import Unreadable
from ragkit.metrics import INGESTIONS, stage
from ragkit.readers import read_text
from ragkit.splitter import split

router = APIRouter(tags=["documents"])

# One upload at a time: parallel uploads are no faster, and each takes as much memory.
EMBEDDING = threading.Lock()


class Uploaded(BaseModel):
    """The answer to an upload."""

    id: uuid.UUID
    name: str
    chunks: int


class DocumentView(Uploaded):
    """A document in the list."""

    media_type: str
    size_bytes: int
    created_at: datetime


class DocumentPage(BaseModel):
    """A page of documents, newest first."""

    total: int
    documents: list[DocumentView]


@router.post(
    "/api/documents",
    status_code=201,
    summary="Upload a document",
    responses={
        200: {"model": Uploaded, "description": "The same bytes are already stored"},
        413: {"model": ProblemDetails},
        415: {"model": ProblemDetails},
        422: {"model": ProblemDetails},
        503: {"model": ProblemDetails},
    },
)
def upload(file: UploadFile, response: Response, services: Given) -> Uploaded:
    """Store a file, its chunks and their vectors. The same bytes are one document, also when sent again."""
    given = read_upload(file, services.settings.max_upload_mb, "MAX_UPLOAD_MB")
    sha256 = hashlib.sha256(given.content).hexdigest()
    if known := _find(services, sha256):
        response.status_code = 200
        return known
    try:
        texts, vectors = _prepare(services, given)
    except Unreadable as error:
        INGESTIONS.labels("failed").inc()
        raise Problem(422, f"{given.name}: {error}") from error
    document_id = uuid.uuid4()
    if not _store(services, document_id, sha256, given, texts, vectors):
        # Another upload of the same bytes was faster.
        response.status_code = 200
        return _find(services, sha256) or Uploaded(id=document_id, name=given.name, chunks=len(texts))
    INGESTIONS.labels("ready").inc()
    return Uploaded(id=document_id, name=given.name, chunks=len(texts))


@router.get("/api/documents", summary="List the documents")
def listing(
    services: Given,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> DocumentPage:
    """List documents, newest first."""
    count = select(func.count()).where(chunks.c.document_id == documents.c.id).scalar_subquery()
    query = (
        select(documents, count.label("chunks"))
        .order_by(documents.c.created_at.desc(), documents.c.id)
        .limit(limit)
        .offset(offset)
    )
    with services.engine.connect() as connection:
        total = connection.scalar(select(func.count()).select_from(documents)) or 0
        rows = [DocumentView.model_validate(dict(row)) for row in connection.execute(query).mappings()]
    return DocumentPage(total=total, documents=rows)


@router.delete(
    "/api/documents/{document_id}",
    status_code=204,
    summary="Delete a document",
    responses={404: {"model": ProblemDetails}},
)
def delete(document_id: uuid.UUID, services: Given) -> None:
    """Delete a document, its chunks and its file."""
    with services.engine.begin() as connection:
        if not connection.execute(delete_from(documents).where(documents.c.id == document_id)).rowcount:
            raise Problem(404, f"there is no document {document_id}")
    # After the commit: a file without a document is harmless, a document without its file is not.
    services.originals.forget(document_id)


def _find(services: Services, sha256: str) -> Uploaded | None:
    count = select(func.count()).where(chunks.c.document_id == documents.c.id).scalar_subquery()
    query = select(documents.c.id, documents.c.name, count.label("chunks")).where(
        documents.c.sha256 == sha256
    )
    with services.engine.connect() as connection:
        row = connection.execute(query).mappings().one_or_none()
    return Uploaded.model_validate(dict(row)) if row else None


def _prepare(services: Services, given: Upload) -> tuple[list[str], Vectors]:
    with stage("parse"):
        text = read_text(given.content, given.media_type)
    with stage("split"):
        texts = split(text, given.media_type)
    with EMBEDDING, stage("embed"):
        return texts, services.embedder.embed(texts)


def _store(
    services: Services, document_id: uuid.UUID, sha256: str, given: Upload, texts: list[str], vectors: Vectors
) -> bool:
    """Store all of a document or nothing. False when its bytes are already stored."""
    row = {
        "id": document_id,
        "name": given.name,
        "media_type": given.media_type,
        "sha256": sha256,
        "size_bytes": len(given.content),
    }
    with stage("store"), services.engine.begin() as connection:
        statement = insert(documents).values(row).on_conflict_do_nothing().returning(documents.c.id)
        if connection.execute(statement).first() is None:
            return False
        connection.execute(
            insert(chunks),
            [
                {"document_id": document_id, "ordinal": ordinal, "text": text, "embedding": vector}
                for ordinal, (text, vector) in enumerate(zip(texts, vectors, strict=True))
            ],
        )
        services.originals.keep(document_id, given.content)
    return True
