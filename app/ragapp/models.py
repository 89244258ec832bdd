"""The tables: documents with their bytes, their chunks, and the embedding space of the stored
vectors."""

import uuid
from datetime import date, datetime
from typing import Any

from pgvector.sqlalchemy import Vector
from sqlalchemy import BigInteger, ForeignKey, LargeBinary, Text, func
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Timestamp = TIMESTAMP(timezone=True)


class Base(DeclarativeBase):
    """The base of all tables."""


class Document(Base):
    """An uploaded file and the state of its ingestion. The state in this table is authoritative,
    not the queue."""

    __tablename__ = "documents"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(Text)
    # The subject of an identity. Null if the stack had no sign-in at the upload.
    owner: Mapped[str | None] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text, unique=True)
    size_bytes: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    state: Mapped[str] = mapped_column(Text, default="queued")
    reason: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    claim: Mapped[uuid.UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(Timestamp)
    due_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    created_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now(), onupdate=func.now())


class Chunk(Base):
    """A part of the text of a document. Its embedding is null if the vectors are in Chroma."""

    __tablename__ = "chunks"

    document_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
    )
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    # `migrate` sets the dimension of the column from the settings.
    embedding: Mapped[Any | None] = mapped_column(Vector(), deferred=True)


class TokenUse(Base):
    """The tokens of the language model that a person or program has used on the last day with a
    question."""

    __tablename__ = "token_use"

    # The subject of an identity.
    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[date]
    tokens: Mapped[int] = mapped_column(BigInteger)


class EmbeddingSpace(Base):
    """The one row that names the model, the dimension and the store of the vectors."""

    __tablename__ = "embedding_space"

    id: Mapped[bool] = mapped_column(primary_key=True, default=True)
    model: Mapped[str] = mapped_column(Text)
    dimension: Mapped[int]
    store: Mapped[str] = mapped_column(Text)
