"""The states of a document in the database: queued, ingesting, then ready or failed."""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, undefer

from ragapp.models import Chunk, Document
from ragkit.api.identity import Identity

# A running worker renews its lease every few seconds. A killed one loses it after this time.
LEASE = timedelta(seconds=60)
RETRY_AFTER = timedelta(seconds=20)
AT_ONCE = timedelta(0)
# Only attempts in which the worker died count, because the document may be the cause.
MAX_ATTEMPTS = 3
# The code never writes a time that is further in the future than one lease or retry. A later time
# was written before the system clock was set back.
BEYOND = 2

# A larger document waits in the queue for large documents, so that small documents do not wait for
# it. The local model embeds about 6 passages a second, so 256 KB of text take a minute.
LARGE_BYTES = 256 * 1024


def add(
    session: Session, name: str, media_type: str, content: bytes, identity: Identity | None = None
) -> tuple[Document, bool]:
    """Store a file. Return its document and whether it must be ingested.

    The same bytes are one document: a second upload returns the first, under the new name unless it
    is a document of someone else. It queues the document again if its ingestion failed, or if the
    new name means another type.
    """
    digest = hashlib.sha256(content).hexdigest()
    created = session.scalar(
        insert(Document)
        .values(
            id=uuid.uuid4(),
            name=name,
            owner=identity.subject if identity else None,
            media_type=media_type,
            sha256=digest,
            size_bytes=len(content),
            content=content,
            state="queued",
            attempts=0,
        )
        .on_conflict_do_nothing(index_elements=[Document.sha256])
        .returning(Document)
    )
    if created is not None:
        return created, True
    document = session.scalars(select(Document).where(Document.sha256 == digest).with_for_update()).one()
    if not may_change(document, identity):
        name, media_type = document.name, document.media_type
    retyped = document.media_type != media_type
    document.name, document.media_type = name, media_type
    if document.state != "failed" and not retyped:
        return document, False
    if retyped:
        # A worker that still reads the file as the old type has lost its claim. Its chunks are
        # wrong.
        document.claim = document.lease_until = None
        session.execute(delete(Chunk).where(Chunk.document_id == document.id))
    document.state, document.reason, document.attempts = "queued", None, 0
    document.due_at = session.scalar(select(func.now())) or document.due_at
    return document, True


def may_change(document: Document, identity: Identity | None) -> bool:
    """Return whether this person may rename or delete the document. Without a sign-in, everyone
    may."""
    return identity is None or identity.may_change_all or document.owner == identity.subject


def listing(session: Session, limit: int, offset: int) -> tuple[int, list[tuple[Document, int]]]:
    """Return the number of all documents, and a page of them with their numbers of chunks, newest
    first."""
    total = session.scalar(select(func.count()).select_from(Document)) or 0
    page = select(Document).order_by(Document.created_at.desc(), Document.id).limit(limit).offset(offset)
    documents = session.scalars(page).all()
    counts = chunk_counts(session, [document.id for document in documents])
    return total, [(document, counts.get(document.id, 0)) for document in documents]


def chunk_counts(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Return the numbers of chunks of these documents. Documents without chunks are left out."""
    rows = session.execute(
        select(Chunk.document_id, func.count()).where(Chunk.document_id.in_(ids)).group_by(Chunk.document_id)
    )
    return dict(rows.all())


def claim(session: Session, document_id: uuid.UUID) -> Document | None:
    """Claim a document that is due, with its content. Return None if another worker has it or it
    was deleted.
    """
    taken = session.execute(
        update(Document)
        .where(Document.id == document_id, _is_due())
        .values(
            state="ingesting",
            reason=None,
            attempts=Document.attempts + 1,
            claim=uuid.uuid4(),
            lease_until=func.now() + LEASE,
        )
        .returning(Document.id)
    ).one_or_none()
    if taken is None:
        return None
    return session.get(Document, document_id, options=[undefer(Document.content)], populate_existing=True)


def renew(session: Session, claims: Iterable[uuid.UUID]) -> None:
    """Extend the leases of documents that are being ingested."""
    session.execute(
        update(Document).where(Document.claim.in_(list(claims))).values(lease_until=func.now() + LEASE)
    )


def is_held(session: Session, document_id: uuid.UUID, held: uuid.UUID) -> bool:
    """Return whether the document still exists and is claimed by this worker."""
    return session.scalar(select(Document.claim).where(Document.id == document_id)) == held


def finish(session: Session, held: uuid.UUID, note: str | None = None) -> bool:
    """Mark the claimed document as ready, with a note. Return False when the claim was lost. Then
    store nothing."""
    return _end(session, held, state="ready", reason=note, attempts=0)


def fail(session: Session, held: uuid.UUID, reason: str) -> bool:
    """Mark the claimed document as failed, with the reason."""
    return _end(session, held, state="failed", reason=reason)


def put_back(session: Session, held: uuid.UUID, reason: str | None, delay: timedelta = RETRY_AFTER) -> bool:
    """Queue the claimed document again after a delay, because a dependency failed, not the
    document.
    """
    return _end(
        session,
        held,
        state="queued",
        reason=reason,
        attempts=func.greatest(Document.attempts - 1, 0),
        due_at=func.now() + delay,
    )


def recover_lost(session: Session) -> int:
    """Queue the documents of lost workers again, or fail those that have no attempts left. Return their
    number."""
    out_of_attempts = Document.attempts >= MAX_ATTEMPTS
    reason = f"the worker stopped {MAX_ATTEMPTS} times while it read this file (out of memory?)"
    rows = session.execute(
        update(Document)
        .where(
            Document.state == "ingesting",
            or_(
                Document.lease_until < func.now(),
                Document.lease_until > func.now() + BEYOND * LEASE,
                Document.claim.is_(None),
            ),
        )
        .values(
            state=case((out_of_attempts, "failed"), else_="queued"),
            reason=case((out_of_attempts, reason), else_="queued again: its worker stopped"),
            claim=None,
            lease_until=None,
        )
        .returning(Document.id)
    )
    return len(rows.all())


def is_large(document: Document) -> bool:
    """Return whether the document waits with the large ones."""
    return document.size_bytes > LARGE_BYTES


def due(session: Session, limit: int, *, large: bool = False) -> Sequence[uuid.UUID]:
    """Return the ids of the small or the large queued documents that are due, oldest first."""
    size = Document.size_bytes > LARGE_BYTES if large else Document.size_bytes <= LARGE_BYTES
    found = select(Document.id).where(_is_due(), size).order_by(Document.due_at).limit(limit)
    return session.scalars(found).all()


def _is_due() -> ColumnElement[bool]:
    """Whether a queued document is due, or its time was written before the clock was set back."""
    ahead = Document.due_at > func.now() + BEYOND * RETRY_AFTER
    return (Document.state == "queued") & ((Document.due_at <= func.now()) | ahead)


def _end(session: Session, held: uuid.UUID, **values: Any) -> bool:
    ended = session.execute(
        update(Document)
        .where(Document.claim == held, Document.state == "ingesting")
        .values(claim=None, lease_until=None, **values)
        .returning(Document.id)
    )
    return ended.one_or_none() is not None
