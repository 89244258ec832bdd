"""The routes of documents: upload, list, delete."""

import hashlib
import logging
import uuid
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, UploadFile
from pydantic import BaseModel
from sqlalchemy import ColumnElement, func, select, true, update
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import insert

from myrag.services import Given, Services
from myrag.tables import chunks, documents
from ragkit.api.identity import Identity, identity_of
from ragkit.api.problems import Problem, responses
from ragkit.api.uploads import Upload, read_upload
from ragkit.bounds import Bound
from ragkit.errors import Unreadable
from ragkit.metrics import INGESTIONS, stage
from ragkit.passages import Passages, deadline, make_passages

log = logging.getLogger(__name__)

router = APIRouter(tags=["documents"])

Sender = Annotated[Identity | None, Depends(identity_of)]


class Uploaded(BaseModel):
    """The answer to an upload."""

    id: uuid.UUID
    name: str
    chunks: int


class DocumentView(Uploaded):
    """A document in the list."""

    owner: str | None
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
    responses=responses(409, 413, 415, 422, 502, 503)
    | {
        200: {"model": Uploaded, "description": "The same bytes are already stored"},
    },
)
def upload(file: UploadFile, response: Response, services: Given, sender: Sender) -> Uploaded:
    """Store a file, its chunks and their vectors.

    The same bytes are one document, under the newest name that its owner gave it.
    """
    given = read_upload(file, services.settings.max_upload_mb, "MAX_UPLOAD_MB")
    sha256 = hashlib.sha256(given.content).hexdigest()
    if known := _known(services, sha256, given, sender):
        response.status_code = 200
        return known
    try:
        in_time = deadline(services.settings.ingest_timeout, "INGEST_TIMEOUT_SECONDS")
        bound = Bound(services.settings.max_passages, "MAX_PASSAGES")
        made = make_passages(given.content, given.media_type, services.embedder, in_time, bound=bound)
    except Unreadable as error:
        INGESTIONS.labels("failed").inc()
        raise Problem(422, f"{given.name}: {error}") from error
    if made.note:
        log.warning("%s: %s", given.name, made.note)
    document_id, is_new = _store(services, sha256, given, made, sender)
    if not is_new:
        response.status_code = 200
    INGESTIONS.labels("ready").inc()
    return Uploaded(id=document_id, name=given.name, chunks=len(made.texts))


@router.get("/api/documents", summary="List the documents", responses=responses(503))
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
    responses=responses(403, 404, 503),
)
def delete(document_id: uuid.UUID, services: Given, sender: Sender) -> None:
    """Delete a document, its chunks and its file.

    If the stack has a sign-in, editors may delete their own documents only.
    """
    one = documents.c.id == document_id
    with services.engine.begin() as connection:
        if not connection.execute(delete_from(documents).where(one, _may_change(sender))).rowcount:
            if connection.execute(select(documents.c.id).where(one)).one_or_none():
                raise Problem(403, "this is a document of someone else; an admin can delete it")
            raise Problem(404, f"there is no document {document_id}")
    # Deleted after the commit, because a file without a document is harmless, but a document
    # without its file is not.
    services.originals.forget(document_id)


def _may_change(sender: Identity | None) -> ColumnElement[bool]:
    """Whether this person may rename or delete a document. Without a sign-in, everyone may."""
    return true() if sender is None or sender.may_change_all else documents.c.owner == sender.subject


def _known(services: Services, sha256: str, given: Upload, sender: Identity | None) -> Uploaded | None:
    """Return the document with these bytes. Return None if there is none of this type.

    It gets the new name, unless it is a document of someone else.
    """
    count = select(func.count()).where(chunks.c.document_id == documents.c.id).scalar_subquery()
    same = (documents.c.sha256 == sha256, documents.c.media_type == given.media_type)
    with services.engine.begin() as connection:
        connection.execute(update(documents).where(*same, _may_change(sender)).values(name=given.name))
        known = select(documents.c.id, documents.c.name, count.label("chunks")).where(*same)
        row = connection.execute(known).mappings().one_or_none()
    return Uploaded.model_validate(dict(row)) if row else None


def _store(
    services: Services, sha256: str, given: Upload, made: Passages, sender: Identity | None
) -> tuple[uuid.UUID, bool]:
    """Store all of a document or nothing. Return its id and whether its bytes are new.

    Bytes that are stored already get the new name, type and chunks. This happens if the type
    differs, or if another upload of the same bytes was faster.
    """
    row = {
        "id": uuid.uuid4(),
        "name": given.name,
        "owner": sender.subject if sender else None,
        "media_type": given.media_type,
        "sha256": sha256,
        "size_bytes": len(given.content),
    }
    statement = (
        insert(documents)
        .values(row)
        .on_conflict_do_update(
            index_elements=[documents.c.sha256],
            set_={"name": given.name, "media_type": given.media_type},
            where=_may_change(sender),
        )
        .returning(documents.c.id)
    )
    with stage("store"), services.engine.begin() as connection:
        document_id: uuid.UUID | None = connection.execute(statement).scalar_one_or_none()
        if document_id is None:
            raise Problem(409, "someone else has stored these bytes as a file of another type")
        connection.execute(delete_from(chunks).where(chunks.c.document_id == document_id))
        connection.execute(
            insert(chunks),
            [
                {"document_id": document_id, "ordinal": ordinal, "text": text, "embedding": vector}
                for ordinal, (text, vector) in enumerate(zip(made.texts, made.vectors, strict=True))
            ],
        )
        services.originals.keep(document_id, given.content)
    return document_id, document_id == row["id"]
