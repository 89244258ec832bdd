"""What needs no PostgreSQL and no Chroma. Tests of the whole system cover the rest."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mnemolite.cache import CachedEmbedder
from mnemolite.heartbeat import STALE_SECONDS, Heartbeat
from mnemolite.settings import load_config
from mnemolite.work_queue import pause
from ragkit.embeddings import Vectors

ROOT = Path(__file__).parent.parent


def probe(folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603
        [sys.executable, str(ROOT / "ingestion.py"), "--probe"],
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def worker(tmp_path: Path) -> "subprocess.Popen[str]":
    """Return a process that looks like the worker and has just written its heartbeat."""
    (tmp_path / "ingestion.py").write_text("import time; print(); time.sleep(60)")
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-u", str(tmp_path / "ingestion.py")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    (tmp_path / "heartbeat").write_text(f"{process.pid}\n")
    return process


def test_a_worker_that_never_started_is_dead(tmp_path: Path) -> None:
    result = probe(tmp_path)
    assert result.returncode == 1
    assert "no heartbeat" in result.stderr


def test_a_worker_lives_until_it_hangs_or_dies(tmp_path: Path, worker: "subprocess.Popen[str]") -> None:
    try:
        assert probe(tmp_path).returncode == 0
        old = time.time() - STALE_SECONDS - 1
        os.utime(tmp_path / "heartbeat", (old, old))
        assert "has not run for 2" in probe(tmp_path).stderr
    finally:
        worker.kill()
        worker.wait()
    os.utime(tmp_path / "heartbeat")
    result = probe(tmp_path)
    assert result.returncode == 1
    assert "is gone" in result.stderr


def test_another_process_with_the_number_is_not_the_worker(tmp_path: Path) -> None:
    Heartbeat(tmp_path).beat()
    assert "is gone" in probe(tmp_path).stderr


def test_pauses_double_up_to_the_longest() -> None:
    assert [pause(attempts, 5, 60) for attempts in (1, 2, 3, 4, 5, 50)] == [5, 10, 20, 40, 60, 60]


class Counting:
    def __init__(self) -> None:
        self.asked = 0

    def embed(self, texts: object) -> Vectors:
        self.asked += 1
        return np.full((1, 4), self.asked, np.float32)

    def check(self) -> None:
        pass


def test_queries_are_embedded_once(tmp_path: Path) -> None:
    model = Counting()
    first = CachedEmbedder(model, tmp_path, "m", 100).embed("tea")
    again = CachedEmbedder(model, tmp_path, "m", 100).embed("tea")
    assert model.asked == 1
    assert np.array_equal(first, again)
    CachedEmbedder(model, tmp_path, "another model", 100).embed("tea")
    assert model.asked == 2


def test_the_cache_is_bounded_and_forgets_what_is_unused(tmp_path: Path) -> None:
    model = Counting()
    cache = CachedEmbedder(model, tmp_path, "m", 20)
    cache.embed("tea")
    for number in range(100):
        cache.embed(str(number))
        cache.embed("tea")
    assert model.asked == 101
    assert (tmp_path / "embeddings.sqlite").stat().st_size < 64 * 1024


def test_without_the_disk_searches_go_on(tmp_path: Path) -> None:
    model = Counting()
    cache = CachedEmbedder(model, tmp_path / "missing", "m", 20)
    cache.embed("tea")
    cache.embed("tea")
    assert model.asked == 2


def test_the_config_that_is_shipped_is_right() -> None:
    assert load_config(ROOT / "config" / "mnemolite.toml").search.cache_entries == 10_000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("[search]\ndefault_k = 0", "search.default_k: Input should be greater"),
        ("[search]\nk = 3", "search.k: Extra inputs"),
        ("[ingestion]\nchunk_size = 100", "ingestion: .*chunk_overlap must be smaller"),
        ("search", "mnemolite.toml: Expected"),
    ],
)
def test_wrong_config_is_named(tmp_path: Path, words: str, message: str) -> None:
    file = tmp_path / "mnemolite.toml"
    file.write_text(words)
    with pytest.raises(ValueError, match=message):
        load_config(file)
