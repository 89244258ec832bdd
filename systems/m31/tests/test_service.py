"""The API with a Redis in memory, without it, and after it returns; the settings and the health
check.

Does not prove that redis-py behaves like the Redis here.
"""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
import redis
from fastapi.testclient import TestClient

from m31 import health, settings
from m31.api import make_app
from m31.cache import KEEP_SECONDS, PAUSE_SECONDS, AnswerCache
from m31.documents import Documents
from ragkit.api.overload import Limits
from ragkit_testing.docs import missing_on_page
from ragkit_testing.load import Slow, burst
from ragkit_testing.openapi import undescribed_answers, wrong_descriptions


class FakeRedis:
    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.down = False
        self.calls = 0

    def _answer(self) -> None:
        self.calls += 1
        if self.down:
            raise redis.ConnectionError("gone")

    def ping(self) -> None:
        self._answer()

    def get(self, key: str) -> str | None:
        self._answer()
        return self.kept.get(key)

    def set(self, key: str, value: str, ex: int) -> None:
        self._answer()
        assert ex == KEEP_SECONDS
        self.kept[key] = value


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store() -> FakeRedis:
    return FakeRedis()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(store: FakeRedis, clock: Clock) -> TestClient:
    documents = Documents()
    return TestClient(make_app("test", documents, AnswerCache(store, documents.version, clock)))


def ask(client: TestClient, k: int = 2) -> dict[str, Any]:
    answer = client.post("/query", json={"question": "exit code 137", "k": k})
    assert answer.status_code == 200
    return dict(answer.json())


def counted(client: TestClient, result: str) -> float:
    start = f'm31_cache_total{{result="{result}"'
    line = next(line for line in client.get("/metrics").text.splitlines() if line.startswith(start))
    return float(line.split()[-1])


def test_the_second_answer_comes_from_the_cache(client: TestClient) -> None:
    hits = counted(client, "hit")
    first, second = ask(client), ask(client)
    assert (first.pop("cached"), second.pop("cached")) == (False, True)
    assert first == second
    assert counted(client, "hit") == hits + 1
    assert ask(client, k=1)["cached"] is False


def test_without_redis_questions_are_answered_and_redis_is_not_asked_again(
    client: TestClient, store: FakeRedis, clock: Clock
) -> None:
    store.down = True
    errors = counted(client, "error")
    assert ask(client)["sources"]
    assert ask(client)["sources"]
    assert store.calls == 1
    assert counted(client, "error") == errors + 2
    assert client.get("/health").json() == {"status": "ok", "environment": "test", "redis": "down"}
    store.down = False
    clock.now += PAUSE_SECONDS
    assert [ask(client)["cached"], ask(client)["cached"]] == [False, True]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        {},
        {"question": " "},
        {"question": "\u200b"},
        {"question": "a", "k": 0},
        {"question": "a", "x": 1},
    ],
)
def test_wrong_requests_are_refused_with_a_problem(client: TestClient, body: object) -> None:
    content = body if isinstance(body, str) else json.dumps(body)
    answer = client.post("/query", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_all_wrong_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError,
        match=r"PORT=http: .*; REDIS_PORT=0: .*; REDIS_TLS=on: .*; REDIS_PASSWORD_FILE=.*cannot be read",
    ):
        wrong = {"PORT": "http", "REDIS_PORT": "0", "REDIS_TLS": "on"}
        settings.load(wrong | {"REDIS_PASSWORD_FILE": str(tmp_path / "absent")})
    (tmp_path / "password").write_text("hunter2\n")
    loaded = settings.load({"PORT": "9000", "REDIS_PASSWORD_FILE": str(tmp_path / "password")})
    assert (loaded.port, loaded.redis_password) == (9000, "hunter2")
    assert "hunter2" not in repr(loaded)


def test_the_health_command_gives_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PORT", str(free.getsockname()[1]))
        assert health.check() == 1
    assert "m31 does not answer on port" in capsys.readouterr().err


def test_health_is_answered_while_a_burst_of_questions_is_refused(
    store: FakeRedis, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    searching = Slow()
    documents = Documents()

    def search(*_: object) -> list[object]:
        searching.step()
        return []

    monkeypatch.setattr(documents, "search", search)
    app = make_app("test", documents, AnswerCache(store, "1", clock))
    result = burst(app, searching, "/query", 80, ["/health"], json={"question": "port " * 400})
    limit = Limits().questions
    assert searching.most <= limit.at_once
    assert result.statuses() == {200: limit.at_once + limit.waiting, 503: 80 - limit.at_once - limit.waiting}
    assert len(result.refused()) == result.statuses()[503]
    assert result.during == [200]


def test_large_json_is_refused_before_it_is_parsed(store: FakeRedis, clock: Clock) -> None:
    client = TestClient(make_app("test", Documents(), AnswerCache(store, "1", clock)))
    assert client.post("/query", json={"question": "x" * 100_000}).status_code == 413


def test_every_error_is_described_as_problem_details(store: FakeRedis, clock: Clock) -> None:
    app = make_app("test", Documents(), AnswerCache(store, "1", clock))
    assert wrong_descriptions(app) == []
    assert undescribed_answers(app) == []


def test_the_page_of_the_api_loads_nothing_of_other_sites(client: TestClient) -> None:
    assert missing_on_page(client) == []
