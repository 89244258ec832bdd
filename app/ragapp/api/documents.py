"""The routes of documents: upload, read, list, delete."""

import uuid
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, UploadFile
from pydantic import BaseModel
from sqlalchemy.orm import Session

from ragapp import documents
from ragapp.api.dependencies import get_services
from ragapp.models import Document
from ragapp.services import Services
from ragkit.api.identity import Identity, identity_of
from ragkit.api.problems import Problem, responses
from ragkit.api.uploads import read_upload

router = APIRouter(tags=["documents"])

Sender = Annotated[Identity | None, Depends(identity_of)]


class Accepted(BaseModel):
    """The answer to an upload."""

    id: uuid.UUID
    state: str
    duplicate: bool


class DocumentView(BaseModel):
    """A document and the state of its ingestion."""

    id: uuid.UUID
    name: str
    owner: str | None
    media_type: str
    size_bytes: int
    state: str
    reason: str | None
    chunks: int
    created_at: datetime
    updated_at: datetime


class DocumentPage(BaseModel):
    """A page of documents, newest first."""

    total: int
    documents: list[DocumentView]


@router.post(
    "/api/documents",
    status_code=202,
    summary="Upload a document",
    responses=responses(413, 415, 422, 503)
    | {
        200: {"model": Accepted, "description": "The same bytes are already stored"},
    },
)
def upload(
    file: UploadFile,
    response: Response,
    services: Annotated[Services, Depends(get_services)],
    sender: Sender,
) -> Accepted:
    """Store a file and queue it for ingestion. The same bytes are one document, however often they
    arrive."""
    upload = read_upload(file, services.settings.max_upload_mb, "RAG_MAX_UPLOAD_MB")
    with Session(services.engine, expire_on_commit=False) as session, session.begin():
        document, is_new = documents.add(session, upload.name, upload.media_type, upload.content, sender)
    if is_new:
        services.queue.send(document.id, large=documents.is_large(document))
    else:
        response.status_code = 200
    response.headers["Location"] = f"/api/documents/{document.id}"
    return Accepted(id=document.id, state=document.state, duplicate=not is_new)


@router.get("/api/documents", summary="List the documents", responses=responses(503))
def listing(
    services: Annotated[Services, Depends(get_services)],
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> DocumentPage:
    """List documents, newest first."""
    with Session(services.engine) as session:
        total, page = documents.listing(session, limit, offset)
        return DocumentPage(total=total, documents=[_view(document, chunks) for document, chunks in page])


@router.get("/api/documents/{document_id}", summary="Read a document", responses=responses(404, 503))
def read(document_id: uuid.UUID, services: Annotated[Services, Depends(get_services)]) -> DocumentView:
    """Return a document's state: queued, ingesting, ready, or failed with the reason."""
    with Session(services.engine) as session:
        document = _get(session, document_id)
        return _view(document, documents.chunk_counts(session, [document_id]).get(document_id, 0))


@router.delete(
    "/api/documents/{document_id}",
    status_code=204,
    summary="Delete a document",
    responses=responses(403, 404, 503),
)
def delete(
    document_id: uuid.UUID, services: Annotated[Services, Depends(get_services)], sender: Sender
) -> None:
    """Delete a document with its chunks. An ingestion in progress is discarded.

    If the stack has a sign-in, editors may delete their own documents only.
    """
    with Session(services.engine) as session, session.begin():
        document = _get(session, document_id)
        if not documents.may_change(document, sender):
            raise Problem(403, f"{document.name} is a document of someone else; an admin can delete it")
        session.delete(document)
        session.flush()
        services.store.delete(session, document_id)


def _get(session: Session, document_id: uuid.UUID) -> Document:
    document = session.get(Document, document_id)
    if document is None:
        raise Problem(404, f"there is no document {document_id}")
    return document


def _view(document: Document, chunks: int) -> DocumentView:
    return DocumentView(
        id=document.id,
        name=document.name,
        owner=document.owner,
        media_type=document.media_type,
        size_bytes=document.size_bytes,
        state=document.state,
        reason=document.reason,
        chunks=chunks,
        created_at=document.created_at,
        updated_at=document.updated_at,
    )
