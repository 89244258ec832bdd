"""The client of OpenAI-compatible endpoints, with a server on loopback. Does not test a real
provider.
"""

import logging
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pytest

from ragkit.embeddings.remote import BATCH, RemoteEmbedder
from ragkit.errors import Refused, Unavailable
from ragkit.llm import ChatModel
from ragkit.openai_client import TRIES, OpenAIClient
from ragkit_testing.provider import Provider, provider

KEY = "sk-very-secret"


@pytest.fixture
def server() -> Iterator[Provider]:
    with provider() as state:
        yield state


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def client(server: Provider, pauses: list[float]) -> OpenAIClient:
    return OpenAIClient("openai", server.url, lambda: KEY, timeout=0.5, sleep=pauses.append)


def test_texts_are_sent_in_batches_and_come_back_in_order(server: Provider, client: OpenAIClient) -> None:
    texts = ["x" * (1 + number % 3) for number in range(2 * BATCH + 1)]
    vectors = RemoteEmbedder(client, "text-embedding-3-small", 4).embed(texts)
    assert [len(request["input"]) for request in server.requests] == [BATCH, BATCH, 1]
    assert server.requests[0]["dimensions"] == 4
    assert set(server.keys) == {f"Bearer {KEY}"}
    assert vectors.shape == (len(texts), 4)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)


def test_another_dimension_is_refused(server: Provider, client: OpenAIClient) -> None:
    server.dimension = 5
    with pytest.raises(Refused, match="the configured dimension is 4"):
        RemoteEmbedder(client, "m", 4).embed(["a"])


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_temporary_failures_are_retried(
    server: Provider, client: OpenAIClient, pauses: list[float], status: int
) -> None:
    server.failures = [(status, {}, 0)] * (TRIES - 1)
    assert client.post("/embeddings", {"input": ["a"]})["data"]
    assert len(pauses) == TRIES - 1
    assert max(pauses) <= 8


def test_retry_after_is_honoured_as_number_and_as_date(
    server: Provider, client: OpenAIClient, pauses: list[float]
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=15), usegmt=True)
    server.failures = [(429, {"Retry-After": "3"}, 0), (503, {"Retry-After": date}, 0)]
    client.post("/embeddings", {"input": ["a"]})
    assert pauses[0] == 3
    assert 10 < pauses[1] <= 15


def test_a_retry_after_that_is_too_long_is_reported(
    server: Provider, client: OpenAIClient, pauses: list[float]
) -> None:
    server.failures = [(429, {"Retry-After": "3600"}, 0)]
    with pytest.raises(Unavailable, match="openai: answers 429"):
        client.post("/embeddings", {"input": ["a"]})
    assert pauses == []


def test_a_timeout_is_retried_and_then_reported(server: Provider, client: OpenAIClient) -> None:
    server.failures = [(200, {}, 0.8)] * TRIES
    with pytest.raises(Unavailable, match="does not answer"):
        client.post("/embeddings", {"input": ["a"]})
    assert len(server.requests) == TRIES


def test_a_refused_connection_is_reported(pauses: list[float]) -> None:
    client = OpenAIClient("vllm", "http://127.0.0.1:9", None, timeout=0.5, sleep=pauses.append)
    with pytest.raises(Unavailable, match="vllm: does not answer"):
        client.post("/embeddings", {"input": ["a"]})
    with pytest.raises(Unavailable, match="vllm: does not answer"):
        client.check()


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_is_not_retried(server: Provider, client: OpenAIClient, status: int) -> None:
    server.failures = [(status, {}, 0)]
    with pytest.raises(Refused, match=f"openai answers {status}"):
        client.post("/embeddings", {"input": ["a"]})
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(server: Provider, client: OpenAIClient, status: int) -> None:
    # A provider must not choose which address of the stack's networks gets a request.
    with provider() as other:
        server.failures = [(status, {"Location": f"{other.url}/embeddings"}, 0)] * TRIES
        with pytest.raises((Refused, Unavailable), match="openai"):
            RemoteEmbedder(client, "m", 4).embed(["a"])
        assert other.requests == []


def test_the_key_is_in_no_log_and_no_error(
    server: Provider, client: OpenAIClient, caplog: pytest.LogCaptureFixture
) -> None:
    # The server repeats the key in its error, as some do.
    caplog.set_level(logging.DEBUG)
    server.failures = [(429, {}, 0), (500, {}, 0), (401, {}, 0)]
    with pytest.raises(Refused) as caught:
        client.post("/embeddings", {"input": ["a"]})
    assert "trying again" in caplog.text
    assert KEY not in caplog.text
    assert KEY not in str(caught.value)


def test_an_answer_is_streamed(server: Provider, client: OpenAIClient) -> None:
    assert list(ChatModel(client, "m").stream("s", "u")) == ["It is ", "two o'clock ", "[1]."]
    assert server.requests[0]["stream_options"] == {"include_usage": True}


def test_the_tokens_of_an_answer_are_those_that_the_model_reports(
    server: Provider, client: OpenAIClient
) -> None:
    spent: list[int] = []
    list(ChatModel(client, "m").stream("s", "u", spent.append))
    assert spent == [14]


def test_the_tokens_of_an_answer_that_ends_early_are_estimated(
    server: Provider, client: OpenAIClient
) -> None:
    spent: list[int] = []
    left = ChatModel(client, "m").stream("system", "user", spent.append)
    next(left)
    assert spent == []
    left.close()  # type: ignore[attr-defined]
    assert spent == [math.ceil(len("system" + "user" + "It is ") / 4)]
    server.break_off = True
    with pytest.raises(Unavailable):
        list(ChatModel(client, "m").stream("system", "user", spent.append))
    assert len(spent) == 2


def test_an_answer_that_never_began_counts_no_tokens(server: Provider, client: OpenAIClient) -> None:
    server.failures = [(401, {}, 0)]
    spent: list[int] = []
    with pytest.raises(Refused):
        list(ChatModel(client, "m").stream("s", "u", spent.append))
    assert spent == []


def test_an_answer_may_have_any_character(server: Provider, client: OpenAIClient) -> None:
    server.pieces = ["a\u2028b", "c\u2029\x85d", "e\x0b\x1cf"]
    assert list(ChatModel(client, "m").stream("s", "u")) == server.pieces


def test_an_answer_that_ends_early_is_an_error(server: Provider, client: OpenAIClient) -> None:
    server.break_off = True
    pieces = ChatModel(client, "m").stream("s", "u")
    assert next(pieces) == "It is "
    with pytest.raises(Unavailable, match="was interrupted"):
        list(pieces)
