"""The local model, and the cache of query embeddings in front of any."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import redis

from ragapp.embeddings import Vectors
from ragapp.embeddings.cached import QueryEmbedder
from ragapp.embeddings.local import LocalEmbedder


def test_like_texts_have_like_vectors(local: LocalEmbedder) -> None:
    question, near, far = local.embed(
        [
            "How do I reset my password?",
            "Steps to change a forgotten password",
            "The cat sleeps on the printer",
        ]
    )
    assert question.shape == (384,)
    assert question @ near > 0.7
    assert question @ far < 0.3


def test_a_text_has_one_vector_whatever_it_is_batched_with(local: LocalEmbedder) -> None:
    texts = ["short", "a much longer text of many words " * 20, *["filler"] * 40]
    assert np.allclose(local.embed(texts)[0], local.embed(["short"])[0], atol=0.02)


PEAK = """
import re, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from ragapp.embeddings.local import LocalEmbedder
model_dir, text, texts, threads, compact = sys.argv[1:]
local = LocalEmbedder(Path(model_dir), compact=bool(compact))
with ThreadPoolExecutor(int(threads)) as pool:
    list(pool.map(local.embed, [[text] * int(texts)] * int(threads)))
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def peak(model_dir: Path, text: str, texts: int, threads: int, compact: str = "") -> int:
    """Embed in a process of its own; KiB, and not by getrusage, which counts what its parent has used."""
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", PEAK, str(model_dir), text, str(texts), str(threads), compact],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return int(done.stdout)


def test_the_longest_texts_fit_into_a_worker(model_dir: Path) -> None:
    # It was beyond 900 MB with batches of 32.
    assert peak(model_dir, "word " * 300, texts=32, threads=2) < 600_000, "of the 768 MiB of a worker in dev"


def test_many_questions_at_once_take_no_more_memory_than_one(model_dir: Path) -> None:
    # It was 1.5 GB for 16 when each run wrote all weights out as floats.
    assert peak(model_dir, "Where is the spare mirror kept?", texts=1, threads=16) < 400_000


def test_compact_weights_fit_twice_into_512_mib(model_dir: Path) -> None:
    assert peak(model_dir, "Where is the spare mirror kept?", texts=1, threads=16, compact="yes") < 240_000


def test_no_texts_have_no_vectors(local: LocalEmbedder) -> None:
    assert len(local.embed([])) == 0


def test_the_runtime_reports_nothing_to_its_maker(local: LocalEmbedder) -> None:
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"


class Counting:
    def __init__(self) -> None:
        self.calls = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        return np.ones((len(texts), 3), np.float32)

    def check(self) -> None: ...


class Memory:
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    def set(self, key: str, value: bytes, ex: int) -> None:
        self.kept[key] = value


class Down:
    def get(self, key: str) -> bytes:
        raise redis.ConnectionError("down")

    def set(self, key: str, value: bytes, ex: int) -> None:
        raise redis.ConnectionError("down")


def cached(cache: object) -> tuple[QueryEmbedder, Counting]:
    counting = Counting()
    return QueryEmbedder(counting, cast(Any, cache), "m", 3), counting


def test_the_second_look_is_not_embedded() -> None:
    embedder, counting = cached(Memory())
    assert np.array_equal(embedder.embed("q"), embedder.embed("q"))
    assert counting.calls == 1


def test_a_damaged_entry_is_embedded_anew() -> None:
    memory = Memory()
    embedder, counting = cached(memory)
    embedder.embed("q")
    memory.kept = dict.fromkeys(memory.kept, b"short")
    assert embedder.embed("q").shape == (3,)
    assert counting.calls == 2


def test_without_redis_everything_is_embedded() -> None:
    embedder, counting = cached(Down())
    embedder.embed("q")
    embedder.embed("q")
    assert counting.calls == 2
