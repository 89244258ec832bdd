"""Ingestion loses no document: killed workers, a lost queue, documents that kill the worker."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from ragapp import documents, worker
from ragapp.ingest import Ingester
from ragapp.models import Chunk, Document
from ragapp.services import Services
from ragkit.errors import Refused, Unavailable
from tests.integration.stored import add, claim, expire_lease, look


def test_only_one_worker_gets_a_document(services: Services) -> None:
    document_id = add(services)
    assert claim(services, document_id) is not None
    assert claim(services, document_id) is None


def test_the_next_worker_ingests_the_document_of_a_killed_one(services: Services, ingester: Ingester) -> None:
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


def test_a_document_that_kills_its_worker_finally_fails(services: Services, ingester: Ingester) -> None:
    document_id = add(services)
    for _ in range(documents.MAX_ATTEMPTS):
        assert claim(services, document_id) is not None
        expire_lease(services)
        worker._sweep(services, ingester)
    state, reason, _, _ = look(services, document_id)
    assert state == "failed"
    assert "the worker stopped 3 times" in str(reason)


def test_a_lost_queue_is_filled_from_the_database(services: Services, ingester: Ingester) -> None:
    add(services)
    assert services.queue.is_empty()
    worker._sweep(services, ingester)
    assert not services.queue.is_empty()
    worker._sweep(services, ingester)
    assert services.redis.llen("ragapp:ingest") == 1, "a backlog is not announced again and again"


def test_a_document_does_not_wait_after_the_clock_was_set_back(
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


def test_a_postponed_document_waits(services: Services, ingester: Ingester) -> None:
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
def test_an_error_of_the_provider_decides_the_state_of_the_document(
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


def test_a_stopping_worker_queues_its_document_again(services: Services, ingester: Ingester) -> None:
    document_id = add(services)
    parse = ingester._prepare

    def stop_while_parsing(*arguments: Any) -> Any:
        ingester.stopping.set()
        return parse(*arguments)

    ingester._prepare = stop_while_parsing  # type: ignore[method-assign,assignment]
    ingester.ingest(document_id)
    assert look(services, document_id) == ("queued", None, 0, 0)


def test_a_document_deleted_during_its_ingestion_leaves_nothing(
    services: Services, ingester: Ingester
) -> None:
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
