"""The API without PostgreSQL and Chroma. Tests of the whole system cover the rest."""

from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from mnemolite.api import make_app
from mnemolite.memories import Result
from mnemolite.services import Services
from mnemolite.settings import Settings, load_settings
from ragkit.api.overload import Limits
from ragkit_testing.docs import missing_on_page
from ragkit_testing.load import LONG_QUESTION, Slow, burst
from ragkit_testing.openapi import undescribed_answers, wrong_descriptions


class SlowServices(Services):
    """Services whose searches are slow."""

    def search(self, query: str, k: int) -> list[Result]:
        self.embedder.embed(query)
        return []


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    (tmp_path / "password").write_text("hunter2\n")
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", str(tmp_path / "password"))
    return load_settings()


@pytest.fixture
def embedder() -> Any:
    slow: Any = Slow()
    slow.embed = slow.step
    return slow


@pytest.fixture
def app(settings: Settings, embedder: Any) -> FastAPI:
    return make_app(SlowServices(settings, MagicMock(), MagicMock(), embedder))


@pytest.mark.parametrize("path", ["/search", f"/?q={LONG_QUESTION[:2000]}"])
def test_health_is_answered_while_a_burst_of_searches_is_refused(
    app: FastAPI, embedder: Any, path: str
) -> None:
    method = "POST" if path == "/search" else "GET"
    body = {"json": {"query": LONG_QUESTION}} if method == "POST" else {}
    result = burst(app, embedder, path, 80, ["/health"], method, **body)
    limit = Limits().questions
    assert 1 < embedder.most <= limit.at_once
    assert result.statuses()[503] == len(result.refused()) == 80 - limit.at_once - limit.waiting
    assert result.during == [200]


def test_large_json_is_refused_before_it_is_parsed(app: FastAPI) -> None:
    client = TestClient(app)
    assert client.post("/search", json={"query": "x" * 100_000}).status_code == 413
    # A larger text is sent as a file.
    assert client.post("/memories", json={"text": "x" * 100_000}).status_code == 413


def test_every_error_is_described_as_problem_details(app: FastAPI) -> None:
    assert wrong_descriptions(app) == []
    assert undescribed_answers(app) == []


def test_the_page_of_the_api_loads_nothing_of_other_sites(app: FastAPI) -> None:
    assert missing_on_page(TestClient(app)) == []


def test_the_variables_of_the_original_are_read(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (settings.chroma_url, settings.uvicorn_workers) == ("http://chromadb:8000", 2)
    monkeypatch.setenv("CHROMA_URL", "http://vectors:9000/")
    monkeypatch.setenv("UVICORN_WORKERS", "3")
    monkeypatch.setenv("UVICORN_LOOP", "asyncio")
    loaded = load_settings()
    assert (loaded.chroma_url, loaded.uvicorn_workers) == ("http://vectors:9000", 3)
    assert loaded.uvicorn_loop == "asyncio"
    monkeypatch.setenv("UVICORN_LOOP", "fast")
    with pytest.raises(ValueError, match="UVICORN_LOOP=fast"):
        load_settings()
