"""The fixtures of all tests: a clean environment, secrets in files, and the files of the real
model."""

import os
from pathlib import Path

import pytest

from ragapp.settings import Settings, load_settings

pytest_plugins = ["ragkit_testing.fixtures"]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("RAG_") and not name.startswith("RAG_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture
def minimal(monkeypatch: pytest.MonkeyPatch, secret: Path, model_dir: Path) -> pytest.MonkeyPatch:
    """The required settings."""
    monkeypatch.setenv("RAG_DATABASE_HOST", "127.0.0.1")
    monkeypatch.setenv("RAG_DATABASE_PASSWORD_FILE", str(secret))
    monkeypatch.setenv("RAG_REDIS_HOST", "127.0.0.1")
    monkeypatch.setenv("RAG_MODEL_DIR", str(model_dir))
    return monkeypatch


@pytest.fixture
def settings(minimal: pytest.MonkeyPatch) -> Settings:
    return load_settings()
