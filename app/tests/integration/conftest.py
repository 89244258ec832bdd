"""A real PostgreSQL with pgvector and a real Redis, from RAG_TEST_DATABASE_URL and
RAG_TEST_REDIS_URL.

Every run creates its own database and drops it at the end. With RAG_TEST_CHROMA_URL the tests also
use a Chroma server.
"""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from ragapp import migrate
from ragapp.api.app import make_app
from ragapp.ingest import Ingester
from ragapp.services import Services, make_services
from ragapp.settings import load_settings
from ragkit.embeddings.local import LocalEmbedder

NEEDED = ("RAG_TEST_DATABASE_URL", "RAG_TEST_REDIS_URL")


@pytest.fixture(scope="session")
def urls() -> tuple[str, str]:
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)}, for example postgresql://rag:pw@127.0.0.1:5432/rag")
    return os.environ[NEEDED[0]], os.environ[NEEDED[1]]


@pytest.fixture(scope="session")
def database(urls: tuple[str, str]) -> Iterator[str]:
    """The name of a new, empty database."""
    name = f"ragapp_test_{uuid.uuid4().hex[:8]}"
    admin = create_engine(
        make_url(urls[0]).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield name
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["pgvector", "chroma"])
def environment(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    urls: tuple[str, str],
    database: str,
    tmp_path: Path,
    local: LocalEmbedder,
) -> pytest.MonkeyPatch:
    """The environment of a stack with an empty database, for each available vector store."""
    postgres, redis = make_url(urls[0]), urlsplit(urls[1])
    passwords = {"database": postgres.password, "redis": redis.password}
    for name, password in passwords.items():
        if password:
            (tmp_path / name).write_text(str(password))
            monkeypatch.setenv(f"RAG_{name.upper()}_PASSWORD_FILE", str(tmp_path / name))
    monkeypatch.setenv("RAG_DATABASE_HOST", postgres.host or "127.0.0.1")
    monkeypatch.setenv("RAG_DATABASE_PORT", str(postgres.port or 5432))
    monkeypatch.setenv("RAG_DATABASE_USER", postgres.username or "rag")
    monkeypatch.setenv("RAG_DATABASE_NAME", database)
    monkeypatch.setenv("RAG_REDIS_HOST", redis.hostname or "127.0.0.1")
    monkeypatch.setenv("RAG_REDIS_PORT", str(redis.port or 6379))
    monkeypatch.setattr("ragkit.embeddings.local.LocalEmbedder", lambda *_, **__: local)
    monkeypatch.setenv("RAG_MAX_UPLOAD_MB", "1")
    monkeypatch.setenv("RAG_VECTOR_STORE", request.param)
    if request.param == "chroma":
        if not (chroma := os.environ.get("RAG_TEST_CHROMA_URL")):
            pytest.skip("needs RAG_TEST_CHROMA_URL, for example http://127.0.0.1:8000")
        monkeypatch.setenv("RAG_CHROMA_HOST", urlsplit(chroma).hostname or "")
        monkeypatch.setenv("RAG_CHROMA_PORT", str(urlsplit(chroma).port or 8000))
    return monkeypatch


@pytest.fixture
def make(environment: pytest.MonkeyPatch) -> Iterator[Callable[[], Services]]:
    """Create services from the current environment."""
    made: list[Services] = []

    def services() -> Services:
        made.append(make_services(load_settings()))
        return made[-1]

    yield services
    for one in made:
        one.engine.dispose()


@pytest.fixture
def services(environment: pytest.MonkeyPatch, make: Callable[[], Services]) -> Services:
    """Services on a migrated, empty database and an empty queue."""
    environment.setenv("RAG_EMBEDDING_CHANGE", "reindex")
    assert migrate.migrate() == 0
    environment.delenv("RAG_EMBEDDING_CHANGE")
    services = make()
    with Session(services.engine) as session, session.begin():
        session.execute(text("TRUNCATE documents CASCADE"))
    services.store.clear()
    services.queue.broker.flush_all()
    return services


@pytest.fixture
def client(services: Services) -> Iterator[TestClient]:
    with TestClient(make_app(services), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def ingester(services: Services) -> Ingester:
    return Ingester(services)
