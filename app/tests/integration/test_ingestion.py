"""Ingestion loses no document: killed workers, a lost queue, documents that kill the worker."""

import time
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ragapp import documents, worker
from ragapp.ingest import Ingester
from ragapp.models import Chunk, Document
from ragapp.services import Services
from ragkit.errors import Refused, Unavailable


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


def test_only_one_worker_gets_a_document(services: Services) -> None:
    document_id = add(services)
    assert claim(services, document_id) is not None
    assert claim(services, document_id) is None


def test_a_killed_workers_document_is_ingested_by_the_next(services: Services, ingester: Ingester) -> None:
    document_id = add(services)
    held = claim(services, document_id)  # and then the worker is killed
    ingester.ingest(document_id)
    assert look(services, document_id)[0] == "ingesting", "its lease still runs"
    expire_lease(services)
    worker._sweep(services, ingester)
    ingester.ingest(document_id)
    assert look(services, document_id) == ("ready", None, 0, 1)
    with Session(services.engine) as session, session.begin():
        assert held is not None
        assert not documents.finish(session, held), "the first worker, come back, must not store anything"


def test_a_document_that_kills_its_worker_fails_in_the_end(services: Services, ingester: Ingester) -> None:
    document_id = add(services)
    for _ in range(documents.MAX_ATTEMPTS):
        assert claim(services, document_id) is not None
        expire_lease(services)
        worker._sweep(services, ingester)
    state, reason, _, _ = look(services, document_id)
    assert state == "failed"
    assert "the worker was lost 3 times" in str(reason)


def test_a_queue_that_was_lost_is_filled_from_the_database(services: Services, ingester: Ingester) -> None:
    add(services)
    assert services.queue.is_empty()
    worker._sweep(services, ingester)
    assert not services.queue.is_empty()
    worker._sweep(services, ingester)
    assert services.redis.llen("ragapp:ingest") == 1, "a backlog is not announced again and again"


def test_a_document_is_not_held_up_by_a_clock_that_was_set_back(
    services: Services, ingester: Ingester
) -> None:
    document_id = add(services)
    ahead = func.now() + timedelta(hours=1)
    with Session(services.engine) as session, session.begin():
        session.execute(update(Document).values(due_at=ahead))
        assert documents.due(session, 10) == [document_id]
    claim(services, document_id)  # and then the worker is killed
    with Session(services.engine) as session, session.begin():
        session.execute(update(Document).values(lease_until=ahead))
        assert documents.recover_lost(session) == 1
    ingester.ingest(document_id)
    assert look(services, document_id)[0] == "ready"


def test_a_document_that_is_put_off_waits(services: Services, ingester: Ingester) -> None:
    document_id = add(services)
    held = claim(services, document_id)
    assert held is not None
    with Session(services.engine) as session, session.begin():
        assert documents.put_back(session, held, "later")
        assert documents.due(session, 10) == []
        assert documents.recover_lost(session) == 0
    ingester.ingest(document_id)
    assert look(services, document_id)[0] == "queued"


def test_ingesting_again_replaces_the_chunks(services: Services, ingester: Ingester) -> None:
    document_id = add(services, b"word. " * 300)
    ingester.ingest(document_id)
    first = look(services, document_id)[3]
    with Session(services.engine) as session, session.begin():
        session.execute(update(Document).values(state="queued"))
    ingester.ingest(document_id)
    assert look(services, document_id)[3] == first > 1


@pytest.mark.parametrize(
    ("error", "state", "attempts"),
    [(Unavailable("openai", "does not answer"), "queued", 0), (Refused("openai answers 401"), "failed", 1)],
)
def test_a_provider_that_fails(
    services: Services,
    ingester: Ingester,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    state: str,
    attempts: int,
) -> None:
    def embed(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(services.embedder, "embed", embed)
    document_id = add(services)
    ingester.ingest(document_id)
    found = look(services, document_id)
    assert (found[0], found[2]) == (state, attempts)
    assert "openai" in str(found[1])
    ingester.ingest(document_id)  # not due yet, or not queued
    assert look(services, document_id) == found


def test_a_worker_that_stops_puts_its_document_back(services: Services, ingester: Ingester) -> None:
    document_id = add(services)
    parse = ingester._prepare

    def stop_while_parsing(*arguments: Any) -> Any:
        ingester.stopping.set()
        return parse(*arguments)

    ingester._prepare = stop_while_parsing  # type: ignore[method-assign,assignment]
    ingester.ingest(document_id)
    assert look(services, document_id) == ("queued", None, 0, 0)


def test_a_document_deleted_meanwhile_leaves_nothing(services: Services, ingester: Ingester) -> None:
    document_id = add(services)
    parse = ingester._prepare

    def delete_while_parsing(*arguments: Any) -> Any:
        with services.engine.begin() as connection:
            connection.execute(text("DELETE FROM documents"))
        return parse(*arguments)

    ingester._prepare = delete_while_parsing  # type: ignore[method-assign,assignment]
    ingester.ingest(document_id)
    with Session(services.engine) as session:
        assert session.scalar(select(func.count()).select_from(Chunk)) == 0
        services.store.check(session)


def slow(
    services: Services, monkeypatch: pytest.MonkeyPatch, before_batch: Callable[[int], None]
) -> list[int]:
    """Call the function before each batch of the embedder. Return the numbers of the batches so far."""
    embed, batches = services.embedder.embed, list[int]()

    def slowly(texts: Sequence[str]) -> Any:
        batches.append(len(batches))
        before_batch(len(batches))
        return embed(texts)

    monkeypatch.setattr(services.embedder, "embed", slowly)
    return batches


LONG = b"".join(b"Sentence %d of a document that has many of them. " % number for number in range(2000))


def test_a_large_document_that_is_deleted_ends_at_its_next_batch(
    services: Services, ingester: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = add(services, LONG)
    monkeypatch.setattr("ragapp.ingest.CLAIM_CHECK_SECONDS", 0.0)

    def delete_it(batch: int) -> None:
        if batch == 2:
            with services.engine.begin() as connection:
                connection.execute(text("DELETE FROM documents"))

    batches = slow(services, monkeypatch, delete_it)
    ingester.ingest(document_id)
    assert len(batches) == 2, "of more than 10"
    ingester.ingest(small := add(services))
    assert look(services, small)[0] == "ready"


def test_a_document_that_takes_too_long_fails_once_with_the_reason(
    services: Services,
    environment: pytest.MonkeyPatch,
    make: Callable[[], Services],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment.setenv("RAG_INGEST_TIMEOUT_SECONDS", "10")
    limited = make()
    now = time.monotonic

    def let_time_pass(batch: int) -> None:
        if batch == 3:
            monkeypatch.setattr("time.monotonic", lambda: now() + 11)

    batches = slow(limited, monkeypatch, let_time_pass)
    document_id = add(services, LONG)
    ingester = Ingester(limited)
    ingester.ingest(document_id)
    state, reason, attempts, chunks = look(services, document_id)
    assert (state, attempts, chunks) == ("failed", 1, 0)
    assert "takes longer than RAG_INGEST_TIMEOUT_SECONDS, which is 10 s" in str(reason)
    assert len(batches) == 3, "of more than 10"
    worker._sweep(limited, ingester)
    assert look(services, document_id)[0] == "failed", "for good"


def test_an_ingestion_that_is_stuck_fails_with_the_reason(services: Services, ingester: Ingester) -> None:
    document_id = add(services)
    held = claim(services, document_id)
    assert held is not None
    limit = services.settings.ingest_timeout_seconds
    ingester._held[held] = time.monotonic() - limit - worker.GRACE_SECONDS + 5
    assert worker._sweep(services, ingester) == 0
    ingester._held[held] -= 10
    assert worker._sweep(services, ingester) == 1
    state, reason, _, _ = look(services, document_id)
    assert state == "failed"
    assert "takes longer than RAG_INGEST_TIMEOUT_SECONDS, which is 900 s" in str(reason)


def test_a_database_that_is_away_for_a_moment_costs_no_work(
    services: Services, ingester: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragapp.ingest.CLAIM_CHECK_SECONDS", 0.0)

    def away(*_: Any) -> bool:
        raise OperationalError("select", {}, Exception("the server closed the connection"))

    monkeypatch.setattr(documents, "is_held", away)
    document_id = add(services, LONG)
    ingester.ingest(document_id)
    assert look(services, document_id)[0] == "ready"


@pytest.mark.parametrize(
    ("text", "note"), [("天地玄黃宇宙洪荒", "made for English"), ("The cat is called Minka.", None)]
)
def test_a_script_that_the_model_does_not_know_is_noted(
    services: Services, ingester: Ingester, text: str, note: str | None
) -> None:
    document_id = add(services, text.encode())
    ingester.ingest(document_id)
    state, reason, _, chunks = look(services, document_id)
    assert (state, chunks) == ("ready", 1)
    assert reason is None if note is None else note in str(reason)


def test_the_queue_delivers_to_a_worker(services: Services) -> None:
    received: list[uuid.UUID] = []
    running = services.queue.receive(received.append, threads=1)
    try:
        document_id = uuid.uuid4()
        assert services.queue.send(document_id)
        services.queue.broker.join("ingest", timeout=5000)
        running.join()
    finally:
        running.stop(timeout=5000)
    assert received == [document_id]
