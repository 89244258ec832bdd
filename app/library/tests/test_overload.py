"""Sends bursts to small applications. Does not test a server or a proxy in front of them."""

import asyncio
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from ragkit.api import body_limit, limits, overload
from ragkit.api.body_limit import JSON_BYTES
from ragkit.api.library import Document, Source, make_app
from ragkit.api.overload import Busy, Gate, Limit, Limits, LoadLimit
from ragkit.api.uploads import Upload
from ragkit_testing.load import LONG_QUESTION, Slow, burst

LIMITS = Limits()


class SlowLibrary:
    """A library whose embedder is slow."""

    def __init__(self) -> None:
        self.embedding = Slow()

    def add(self, upload: Upload) -> tuple[Document, bool]:
        self.embedding.step()
        return Document(id="1", name=upload.name, chunks=1), True

    def documents(self) -> Sequence[Document]:
        return []

    def search(self, question: str, k: int) -> list[Source]:
        self.embedding.step()
        return []


@pytest.fixture
def library() -> SlowLibrary:
    return SlowLibrary()


def test_a_burst_of_long_questions_is_refused_in_part(library: SlowLibrary) -> None:
    app = make_app("T", library, None)
    # Otherwise questions would use all threads of the server, and health would wait for one.
    during = ["/health", "/documents", "/metrics"]
    result = burst(app, library.embedding, "/query", 80, during, json={"question": LONG_QUESTION})
    limit = LIMITS.questions
    assert library.embedding.most <= limit.at_once
    assert result.statuses() == {200: limit.at_once + limit.waiting, 503: 80 - limit.at_once - limit.waiting}
    assert len(result.refused()) == result.statuses()[503]
    assert result.during == [200, 200, 200]
    text = TestClient(app).get("/metrics").text
    assert 'http_requests_total{method="POST",route="/query",status="503"}' in text


def test_a_burst_of_large_uploads_is_refused_before_it_is_read(library: SlowLibrary) -> None:
    files = {"file": ("a.md", b"words " * 100_000)}
    app = make_app("T", library, None)
    result = burst(app, library.embedding, "/documents", 40, ["/health"], files=files)
    limit = LIMITS.uploads
    assert library.embedding.most <= limit.at_once
    assert result.statuses() == {201: limit.at_once + limit.waiting, 503: 40 - limit.at_once - limit.waiting}
    assert len(result.refused()) == result.statuses()[503]
    assert result.during == [200]


def test_a_small_upload_does_not_wait_for_large_ones(library: SlowLibrary) -> None:
    app = make_app("T", library, None)

    async def both() -> bool:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
            files = [("file", ("a.md", b"words " * length)) for length in (100_000, 1)]
            large = [asyncio.create_task(client.post("/documents", files=[files[0]])) for _ in range(4)]
            await asyncio.sleep(0.2)
            small = asyncio.create_task(client.post("/documents", files=[files[1]]))
            while library.embedding.most < LIMITS.uploads.at_once + 1:
                await asyncio.sleep(0.01)
            waits = not any(task.done() for task in large)
            library.embedding.released.set()
            await asyncio.gather(small, *large)
            return waits

    assert asyncio.run(both())


def test_a_request_that_waits_too_long_is_refused(
    library: SlowLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = Limits(questions=replace(LIMITS.questions, patience=0.1))
    monkeypatch.setattr(limits, "Limits", lambda: impatient)
    app = make_app("T", library, None)
    result = burst(app, library.embedding, "/query", 20, json={"question": "What?"})
    assert result.statuses() == {200: LIMITS.questions.at_once, 503: 20 - LIMITS.questions.at_once}


def test_the_newest_request_that_waits_is_next() -> None:
    async def run() -> list[int]:
        gate = Gate("questions", Limit(1, 3))
        order: list[int] = []

        async def one(number: int) -> None:
            async with gate.entered():
                order.append(number)

        async with gate.entered():
            tasks = [asyncio.create_task(one(number)) for number in range(3)]
            await asyncio.sleep(0)
            with pytest.raises(Busy):
                await one(3)
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(run()) == [2, 1, 0]


def test_a_place_passes_to_the_next_request_if_its_request_ends_first() -> None:
    async def run() -> None:
        gate = Gate("questions", Limit(1, 3))

        async def one() -> None:
            async with gate.entered():
                pass

        async with gate.entered():
            waiting, gone, just_given = (asyncio.create_task(one()) for _ in range(3))
            await asyncio.sleep(0)
            gone.cancel()
        # The place was assigned to this task a moment ago, but the task has not run yet.
        just_given.cancel()
        ended = await asyncio.gather(waiting, gone, just_given, return_exceptions=True)
        assert [type(end) for end in ended] == [type(None), asyncio.CancelledError, asyncio.CancelledError]
        await asyncio.wait_for(one(), 1)

    asyncio.run(run())


def test_a_place_is_free_again_after_an_error(library: SlowLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(question: str, k: int) -> list[Source]:
        raise RuntimeError

    monkeypatch.setattr(library, "search", fail)
    app = make_app("T", library, None)
    for _ in range(3):
        assert burst(app, library.embedding, "/query", 30, json={"question": "What?"}).statuses() == {500: 30}


@pytest.mark.parametrize("announced", [True, False])
def test_large_json_is_refused(library: SlowLibrary, announced: bool) -> None:
    client = TestClient(make_app("T", library, None))
    body = b'{"question": "' + b"x" * JSON_BYTES + b'"}'
    for path, kind in (
        ("/query", "application/json"),
        ("/query", "multipart/form-data; boundary=b"),
        ("/documents", "application/x-www-form-urlencoded"),
    ):
        content = body if announced else iter([body])
        answer = client.post(path, content=content, headers={"Content-Type": kind})
        assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
        assert answer.json()["detail"] == "larger than 64 KB, the limit for a request without a file"
    # A form may be larger at a path that takes files.
    assert client.post("/documents", files={"file": ("a.md", body)}).status_code == 201


def test_the_longest_question_is_not_too_large(library: SlowLibrary) -> None:
    client = TestClient(make_app("T", library, None))
    # Each character becomes two escapes of six characters.
    assert client.post("/query", json={"question": "\U00020000" * 4000}).status_code == 200


def test_a_client_that_sends_first_gets_the_answer_to_a_large_body(library: SlowLibrary) -> None:
    """Start a real server: a connection that closes too early would be reset, without an answer."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(make_app("T", library, None), log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            while not server.started:
                time.sleep(0.01)
            json = {"Content-Type": "application/json"}
            with httpx.Client(base_url=address) as client:
                for _ in range(3):
                    answer = client.post("/query", content=b"x" * 25_000_000, headers=json)
                    assert answer.status_code == 413
                assert client.get("/health").status_code == 200
        finally:
            server.should_exit = True
            thread.join()


def test_a_refused_body_is_read_and_discarded_for_a_limited_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "REST_SECONDS", 0.2)

    async def stuck(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(2)

    async def never() -> Message:
        await asyncio.sleep(10)
        raise AssertionError

    async def run() -> list[Message]:
        gate = LoadLimit(stuck, ("/query",), (), Limits(questions=overload.Limit(1, 0)))
        scope = {"type": "http", "method": "POST", "path": "/query", "headers": []}
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        first = asyncio.create_task(gate(dict(scope), never, send))
        await asyncio.sleep(0)
        await gate(dict(scope), never, send)
        first.cancel()
        return sent

    start, _ = asyncio.run(run())
    assert start["status"] == 503
    assert (b"connection", b"close") in start["headers"]
