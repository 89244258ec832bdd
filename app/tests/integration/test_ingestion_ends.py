"""An ingestion ends when its document was deleted, takes too long or is stuck. Then the next
document starts."""

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from ragapp import documents, worker
from ragapp.ingest import Ingester
from ragapp.services import Services
from tests.integration.stored import add, claim, expire_lease, look


def slow(
    services: Services, monkeypatch: pytest.MonkeyPatch, before_batch: Callable[[int], None]
) -> list[int]:
    """Call the function before each batch of the embedder. Return the numbers of the batches so
    far."""
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


def test_a_short_outage_of_the_database_loses_no_work(
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


def test_an_ingestion_that_lost_its_claim_ends_at_its_next_batch(
    services: Services, ingester: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = add(services, LONG)
    monkeypatch.setattr("ragapp.ingest.CLAIM_CHECK_SECONDS", 0.0)

    def take_it(batch: int) -> None:
        if batch == 2:
            expire_lease(services)
            worker._sweep(services, Ingester(services))
            assert claim(services, document_id) is not None

    batches = slow(services, monkeypatch, take_it)
    ingester.ingest(document_id)
    assert len(batches) == 2, "of more than 10"
    assert look(services, document_id)[0] == "ingesting", "the other worker has it"


def test_a_document_with_too_many_passages_fails_before_it_is_embedded(
    services: Services,
    environment: pytest.MonkeyPatch,
    make: Callable[[], Services],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment.setenv("RAG_MAX_PASSAGES", "3")
    limited = make()
    batches = slow(limited, monkeypatch, lambda _: None)
    document_id = add(services, LONG)
    Ingester(limited).ingest(document_id)
    state, reason, attempts, chunks = look(services, document_id)
    assert (state, attempts, chunks, batches) == ("failed", 1, 0, [])
    assert "passages, more than RAG_MAX_PASSAGES, which is 3; divide the file" in str(reason)


def test_a_small_document_does_not_wait_for_a_large_one(
    services: Services, ingester: Ingester, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = b"".join(b"Sentence %d of a large document. " % number for number in range(10_000))
    assert len(large) > documents.LARGE_BYTES
    goes_on = threading.Event()

    def stop_at_the_first(batch: int) -> None:
        if batch == 1:
            goes_on.wait(20)

    batches = slow(services, monkeypatch, stop_at_the_first)
    running = [
        services.queue.receive(ingester.ingest, 1),
        services.queue.receive(ingester.ingest, 1, large=True),
    ]
    try:
        ids = []
        for content in (large, b"The office cat is called Minka."):
            answer = client.post("/api/documents", files={"file": ("a.txt", content)})
            ids.append(uuid.UUID(answer.json()["id"]))
            while not batches:
                time.sleep(0.05)
        wait_until(lambda: look(services, ids[1])[0] == "ready")
        assert look(services, ids[0])[0] == "ingesting"
    finally:
        ingester.stopping.set()
        goes_on.set()
        for one in running:
            one.stop(timeout=20_000)


def test_a_sweep_announces_large_and_small_documents(services: Services, ingester: Ingester) -> None:
    for content in (b"small", b"words " * 100_000):
        add(services, content)
    worker._sweep(services, ingester)
    assert services.redis.llen("ragapp:ingest") == 1
    assert services.redis.llen("ragapp:ingest-large") == 1


def wait_until(holds: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
