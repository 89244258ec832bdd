"""The memories in PostgreSQL: the texts, their states, and the passages for searches."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, Row, text

from mnemolite import work_queue
from mnemolite.chroma import Hit

ADD = text("""
    INSERT INTO memories (source, media_type, content) VALUES (:source, :media_type, :content) RETURNING id
""")
PASSAGES = text("""
    SELECT p.memory_id, p.ordinal, p.text, m.source FROM passages p JOIN memories m ON m.id = p.memory_id
    JOIN unnest(cast(:ids AS uuid[]), cast(:ordinals AS integer[])) AS hit (memory_id, ordinal)
        ON p.memory_id = hit.memory_id AND p.ordinal = hit.ordinal
""")


class Memory(BaseModel):
    """A memory and the state of its ingestion: queued, running, done, or failed with the reason."""

    id: uuid.UUID
    source: str
    state: str
    reason: str | None
    attempts: int | None
    created_at: datetime


class Result(BaseModel):
    """A passage that was found. The score is the cosine similarity to the query."""

    memory_id: uuid.UUID
    source: str
    passage: int
    text: str
    score: float


def add(connection: Connection, source: str, media_type: str, content: bytes) -> uuid.UUID:
    """Store a memory and queue it. The transaction does both or neither."""
    values = {"source": source, "media_type": media_type, "content": content}
    memory_id: uuid.UUID = connection.execute(ADD, values).scalar_one()
    work_queue.put(connection, memory_id)
    return memory_id


def read(connection: Connection, memory_id: uuid.UUID) -> Memory | None:
    """Return the memory with this id, or None."""
    row = connection.execute(
        text("SELECT * FROM memory_states WHERE id = :id"), {"id": memory_id}
    ).one_or_none()
    return _memory(row) if row else None


def recent(connection: Connection, limit: int) -> list[Memory]:
    """Return the newest memories."""
    rows = connection.execute(
        text("SELECT * FROM memory_states ORDER BY created_at DESC LIMIT :limit"), {"limit": limit}
    )
    return [_memory(row) for row in rows]


def counts(connection: Connection) -> dict[str, int]:
    """Return the number of memories in each state."""
    found = dict.fromkeys(("queued", "running", "done", "failed"), 0)
    for state, number in connection.execute(text("SELECT state, count(*) FROM memory_states GROUP BY state")):
        found[state] = number
    return found


def content(connection: Connection, memory_id: uuid.UUID) -> tuple[bytes, str]:
    """Return the bytes of a memory and their media type."""
    row = connection.execute(
        text("SELECT content, media_type FROM memories WHERE id = :id"), {"id": memory_id}
    ).one()
    return bytes(row.content), row.media_type


def keep_passages(connection: Connection, memory_id: uuid.UUID, texts: Sequence[str]) -> None:
    """Replace the passages of a memory."""
    connection.execute(text("DELETE FROM passages WHERE memory_id = :id"), {"id": memory_id})
    connection.execute(
        text("INSERT INTO passages (memory_id, ordinal, text) VALUES (:id, :ordinal, :text)"),
        [{"id": memory_id, "ordinal": ordinal, "text": passage} for ordinal, passage in enumerate(texts)],
    )


def with_texts(connection: Connection, hits: Sequence[Hit]) -> list[Result]:
    """Return the hits with their texts. Hits of unfinished ingestions are left out."""
    values = {"ids": [hit.memory_id for hit in hits], "ordinals": [hit.ordinal for hit in hits]}
    found = {(row.memory_id, row.ordinal): row for row in connection.execute(PASSAGES, values)}
    return [
        Result(
            memory_id=hit.memory_id,
            source=row.source,
            passage=hit.ordinal,
            text=row.text,
            score=round(hit.score, 4),
        )
        for hit in hits
        if (row := found.get((hit.memory_id, hit.ordinal)))
    ]


def _memory(row: Row[Any]) -> Memory:
    return Memory.model_validate(dict(row._mapping))
