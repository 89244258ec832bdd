"""Tests that need no PostgreSQL and no Chroma. Tests of the whole system cover the rest."""

import os
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest

from mnemolite import work_queue
from mnemolite.cache import CachedEmbedder
from mnemolite.heartbeat import STALE_SECONDS, Heartbeat
from mnemolite.settings import Ingestion, load_config
from mnemolite.work_queue import Claim, pause
from mnemolite.worker import Stopping, Superseded, Worker
from ragkit.embeddings import Limits, Vectors
from ragkit.errors import Unreadable
from ragkit.passages import too_slow

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
    assert "heartbeat file cannot be read" in result.stderr


def test_a_worker_is_healthy_until_it_hangs_or_dies(tmp_path: Path, worker: "subprocess.Popen[str]") -> None:
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


def test_another_process_with_the_same_id_is_not_the_worker(tmp_path: Path) -> None:
    Heartbeat(tmp_path).beat()
    assert "is gone" in probe(tmp_path).stderr


def ingesting(engine: Any, config: Ingestion) -> Worker:
    return Worker(engine, MagicMock(), Counting(), config, MagicMock())


def stored(content: bytes) -> Any:
    """Return an engine whose only memory has this content."""
    engine = MagicMock()
    row = engine.begin.return_value.__enter__.return_value.execute.return_value.one.return_value
    row.content, row.media_type = content, "text/plain"
    return engine


CLAIM = Claim(uuid.uuid4(), uuid.uuid4(), 1)


def test_a_memory_that_takes_too_long_fails_with_the_reason() -> None:
    worker = ingesting(stored(b"words"), Ingestion.model_construct(timeout_seconds=0))
    with pytest.raises(Unreadable, match=r"longer than ingestion.timeout_seconds, which is 0 s"):
        worker._ingest(CLAIM, threading.Event())


def test_a_lost_memory_or_a_stopping_worker_ends_the_ingestion() -> None:
    worker, lost = ingesting(stored(b"words"), Ingestion()), threading.Event()
    lost.set()
    with pytest.raises(Superseded):
        worker._ingest(CLAIM, lost)
    assert worker._not_done(MagicMock(), CLAIM, Superseded()) == (False, "superseded")
    worker.stopping.set()
    with pytest.raises(Stopping):
        worker._ingest(CLAIM, threading.Event())


def test_a_memory_that_is_stuck_fails_before_its_worker_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    def end(*_: Any) -> bool:
        ended.append(str(_[-1]))
        return True

    def leave(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr("mnemolite.worker.GRACE_SECONDS", 0.0)
    monkeypatch.setattr(work_queue, "fail", end)
    monkeypatch.setattr(os, "_exit", leave)
    worker = ingesting(MagicMock(), Ingestion.model_construct(timeout_seconds=0, lease_seconds=60))
    with pytest.raises(SystemExit):
        worker._supervise(Future(), CLAIM, threading.Event())
    assert ended == [too_slow(0, "ingestion.timeout_seconds")]


def test_pauses_double_up_to_a_limit() -> None:
    assert [pause(attempts, 5, 60) for attempts in (1, 2, 3, 4, 5, 50)] == [5, 10, 20, 40, 60, 60]


class Counting:
    limits = Limits()

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


def test_the_cache_is_bounded_and_drops_unused_entries(tmp_path: Path) -> None:
    model = Counting()
    cache = CachedEmbedder(model, tmp_path, "m", 20)
    cache.embed("tea")
    for number in range(100):
        cache.embed(str(number))
        cache.embed("tea")
    assert model.asked == 101
    assert (tmp_path / "embeddings.sqlite").stat().st_size < 64 * 1024


def test_searches_work_if_the_disk_is_full(tmp_path: Path) -> None:
    model = Counting()
    cache = CachedEmbedder(model, tmp_path / "missing", "m", 20)
    cache.embed("tea")
    cache.embed("tea")
    assert model.asked == 2


def test_the_shipped_config_is_valid() -> None:
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
def test_a_wrong_config_setting_is_named(tmp_path: Path, words: str, message: str) -> None:
    file = tmp_path / "mnemolite.toml"
    file.write_text(words)
    with pytest.raises(ValueError, match=message):
        load_config(file)
