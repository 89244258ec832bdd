"""Tests that need no database. Tests of the whole system cover the rest."""

import asyncio
import json
import logging
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from myrag import documents, query
from myrag.access_log import Quiet
from myrag.app import make_app
from myrag.database import make_engine
from myrag.documents import Uploaded
from myrag.originals import Originals
from myrag.services import Services
from myrag.settings import Settings, load_settings
from ragkit.api.overload import Limits
from ragkit.embeddings import Limits as EmbedderLimits
from ragkit.embeddings import Vectors
from ragkit_testing.docs import missing_on_page
from ragkit_testing.load import LONG_QUESTION, Slow, burst
from ragkit_testing.openapi import undescribed_answers, wrong_descriptions

ROOT = Path(__file__).parent.parent
SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


class Nothing:
    limits = EmbedderLimits()

    def embed(self, texts: object) -> Vectors:
        return np.zeros((1, 384), np.float32)

    def check(self) -> None:
        pass


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "password").write_text("hunter2\n")
    (tmp_path / "path").write_text(f"{SECRET}\n")
    monkeypatch.setenv("POSTGRES_HOST", "127.0.0.1")
    monkeypatch.setenv("POSTGRES_PORT", "1")  # no server listens there
    monkeypatch.setenv("POSTGRES_DB", "myrag")
    monkeypatch.setenv("POSTGRES_USER", "myrag")
    monkeypatch.setenv("POSTGRES_PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.setenv("METRICS_PATH_FILE", str(tmp_path / "path"))
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return load_settings()


@pytest.fixture
def client(settings: Settings) -> TestClient:
    services = Services(settings, make_engine(settings), Originals(settings.data_dir), Nothing(), None)
    return TestClient(make_app(services), raise_server_exceptions=False)


def test_metrics_are_only_at_the_secret_path(client: TestClient) -> None:
    client.get("/api/health")
    page = client.get(f"/{SECRET}")
    assert page.status_code == 200
    assert 'route="/api/health"' in page.text
    for path in ("/metrics", "/metrics/", "/%6Detrics", f"/{SECRET[:-1]}", f"/api/{SECRET}"):
        assert client.get(path).status_code == 404, path


def test_no_answer_repeats_the_secret_path(client: TestClient) -> None:
    client.get(f"/{SECRET}")
    assert SECRET not in client.get(f"/{SECRET}").text
    assert SECRET not in client.get("/api/openapi.json").text


def test_without_a_secret_there_are_no_metrics(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METRICS_PATH_FILE")
    settings = load_settings()
    services = Services(settings, make_engine(settings), Originals(settings.data_dir), Nothing(), None)
    client = TestClient(make_app(services))
    assert [client.get(path).status_code for path in ("/metrics", "/", "//")] == [404, 404, 404]


def access(path: str) -> logging.LogRecord:
    arguments = ("127.0.0.1:1", "GET", path, "1.1", 200)
    return logging.LogRecord("uvicorn.access", 20, "", 0, '%s - "%s %s HTTP/%s" %d', arguments, None)


def test_the_access_log_contains_no_secret_and_no_probe(settings: Settings) -> None:
    quiet = Quiet()
    assert quiet.filter(access("/api/documents"))
    for path in (f"/{SECRET}", f"/{SECRET}?x=1", f"//{SECRET}/", "/api/health", "/api/ready"):
        assert not quiet.filter(access(path)), path


def test_without_the_database_the_api_is_alive_but_not_ready(client: TestClient) -> None:
    assert client.get("/api/health").status_code == 200
    answer = client.get("/api/ready")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("POSTGRES_HOST", "", "POSTGRES_HOST: required"),
        ("POSTGRES_PORT", "0", "POSTGRES_PORT=0: must be"),
        (
            "POSTGRES_PASSWORD_FILE",
            "/nowhere",
            "POSTGRES_PASSWORD_FILE=/nowhere: the file is missing or empty",
        ),
        ("METRICS_PATH_FILE", "/nowhere", "METRICS_PATH_FILE=/nowhere: it must contain"),
        ("EMBEDDING_PROVIDER", "mistral", "MISTRAL_API_KEY_FILE"),
        ("EMBEDDING_PROVIDER", "unheard-of", "one of local"),
    ],
)
def test_wrong_settings_are_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=words):
        load_settings()


def test_the_password_is_not_in_the_address(settings: Settings) -> None:
    assert "hunter2" not in make_engine(settings).url.render_as_string(hide_password=False)


def test_originals_are_written_completely_and_deleted(tmp_path: Path) -> None:
    originals, document_id = Originals(tmp_path), uuid.uuid4()
    originals.keep(document_id, b"words")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"words"]
    originals.forget(document_id)
    originals.forget(document_id)
    assert not list(tmp_path.iterdir())


def test_health_is_answered_while_a_burst_of_long_questions_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = Slow()

    def retrieve(*_: object) -> list[object]:
        embedder.step()
        return []

    monkeypatch.setattr(query, "_retrieve", retrieve)
    services = Services(settings, make_engine(settings), Originals(settings.data_dir), Nothing(), None)
    app = make_app(services)
    result = burst(
        app, embedder, "/api/query", 80, ["/api/health", "/api/ready"], json={"question": LONG_QUESTION}
    )
    limit = Limits().questions
    assert embedder.most <= limit.at_once
    assert result.statuses() == {200: limit.at_once + limit.waiting, 503: 80 - limit.at_once - limit.waiting}
    assert len(result.refused()) == result.statuses()[503]
    # Not ready, because there is no database. It answers nevertheless.
    assert result.during == [200, 503]


def test_uploads_that_embed_take_a_limited_number_of_threads(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedding = Slow()

    def known(*_: object) -> Uploaded:
        embedding.step()
        return Uploaded(id=uuid.uuid4(), name="a.md", chunks=1)

    monkeypatch.setattr(documents, "_known", known)
    services = Services(settings, make_engine(settings), Originals(settings.data_dir), Nothing(), None)
    files = {"file": ("a.md", b"words " * 100_000)}
    result = burst(make_app(services), embedding, "/api/documents", 40, ["/api/health"], files=files)
    limit = Limits().uploads
    assert embedding.most <= limit.at_once
    assert result.statuses() == {200: limit.at_once + limit.waiting, 503: 40 - limit.at_once - limit.waiting}


def test_large_json_is_refused_before_it_is_parsed(client: TestClient) -> None:
    assert client.post("/api/query", json={"question": "x" * 100_000}).status_code == 413


def test_every_error_is_described_as_problem_details(settings: Settings) -> None:
    services = Services(settings, make_engine(settings), Originals(settings.data_dir), Nothing(), None)
    app = make_app(services)
    assert wrong_descriptions(app) == []
    assert undescribed_answers(app) == []


@pytest.mark.parametrize(
    ("peer", "header", "client"),
    [
        ("172.18.0.5", "203.0.113.5", "203.0.113.5"),
        ("172.18.0.5", "9.9.9.9, 203.0.113.5, 172.18.0.2", "203.0.113.5"),
        ("203.0.113.7", "9.9.9.9", "203.0.113.7"),
    ],
)
def test_the_access_log_shows_the_client_that_the_ingress_names(peer: str, header: str, client: str) -> None:
    command = (ROOT / "Dockerfile").read_text().partition("\nCMD ")[2].replace("\\\n", "")
    arguments = json.loads(command.splitlines()[0])
    trusted = arguments[arguments.index("--forwarded-allow-ips") + 1]
    seen: list[object] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["client"][0])

    scope: Any = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", header.encode())]}
    call: Any = ProxyHeadersMiddleware(app, trusted)
    asyncio.run(call(scope, None, None))
    assert seen == [client]


def test_the_page_of_the_api_loads_nothing_of_other_sites(client: TestClient) -> None:
    assert missing_on_page(client, "/api") == []
