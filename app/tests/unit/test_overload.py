"""Sends a burst of questions to the API without a database, with a slow embedder as retrieval.

Does not prove how much memory the real embedder needs.
"""

import pytest
from fastapi.testclient import TestClient

from ragapp.api import query
from ragapp.api.app import make_app
from ragapp.services import make_services
from ragapp.settings import Settings
from ragkit.api.overload import Limits
from ragkit_testing.load import LONG_QUESTION, Slow, burst


def test_health_is_answered_while_a_burst_of_long_questions_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = Slow()

    def retrieve(*_: object) -> list[object]:
        embedder.step()
        return []

    monkeypatch.setattr(query, "retrieve", retrieve)
    app = make_app(make_services(settings))
    result = burst(
        app, embedder, "/api/query", 80, ["/api/health", "/api/ready"], json={"question": LONG_QUESTION}
    )
    limit = Limits().questions
    assert embedder.most <= limit.at_once
    assert result.statuses() == {200: limit.at_once + limit.waiting, 503: 80 - limit.at_once - limit.waiting}
    assert len(result.refused()) == result.statuses()[503]
    # Not ready, because there is no database. It answers nevertheless.
    assert result.during == [200, 503]


def test_large_json_is_refused_before_it_is_parsed(settings: Settings) -> None:
    client = TestClient(make_app(make_services(settings)))
    answer = client.post("/api/query", json={"question": "x" * 100_000})
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
