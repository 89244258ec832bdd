"""Documents in the database, as the tests of the ingestion need them."""

import uuid
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ragapp import documents
from ragapp.models import Chunk, Document
from ragapp.services import Services


def add(services: Services, content: bytes = b"The office cat is called Minka.") -> uuid.UUID:
    with Session(services.engine) as session, session.begin():
        return documents.add(session, "a.txt", "text/plain", content)[0].id


def look(services: Services, document_id: uuid.UUID) -> tuple[str, str | None, int, int]:
    with Session(services.engine) as session:
        document = session.get_one(Document, document_id)
        chunks = session.scalar(select(func.count()).where(Chunk.document_id == document_id)) or 0
        return document.state, document.reason, document.attempts, chunks


def expire_lease(services: Services) -> None:
    with Session(services.engine) as session, session.begin():
        session.execute(update(Document).values(lease_until=func.now() - timedelta(seconds=1)))


def claim(services: Services, document_id: uuid.UUID) -> uuid.UUID | None:
    with Session(services.engine) as session, session.begin():
        document = documents.claim(session, document_id)
        return document.claim if document else None
