"""The local embedding model. Does not prove the quality of its vectors beyond one example."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ragkit.cpus import cpus
from ragkit.embeddings.local import LocalEmbedder
from ragkit_testing.load import Slow

PROCESSORS = len(os.sched_getaffinity(0))


def test_similar_texts_have_similar_vectors(local: LocalEmbedder) -> None:
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


def test_the_batch_of_a_text_does_not_change_its_vector(local: LocalEmbedder) -> None:
    texts = ["short", "a much longer text of many words " * 20, *["filler"] * 40]
    assert np.allclose(local.embed(texts)[0], local.embed(["short"])[0], atol=0.02)


PEAK = """
import re, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from ragkit import turns
from ragkit.embeddings.local import LocalEmbedder
# On a slow machine, some would give up, and need no memory.
turns.PATIENCE = 100
model_dir, text, texts, threads, compact = sys.argv[1:]
local = LocalEmbedder(Path(model_dir), compact=bool(compact))
with ThreadPoolExecutor(int(threads)) as pool:
    list(pool.map(local.embed, [[text] * int(texts)] * int(threads)))
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def peak(model_dir: Path, text: str, texts: int, threads: int, compact: str = "") -> int:
    """Return the peak memory of a separate process in KiB. getrusage would count the memory of its
    parent."""
    done = subprocess.run(  # noqa: S603 - the arguments are constants
        [sys.executable, "-c", PEAK, str(model_dir), text, str(texts), str(threads), compact],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return int(done.stdout)


def test_the_longest_texts_fit_into_the_memory_of_a_worker(model_dir: Path) -> None:
    # With batches of 32, the peak was more than 900 MB.
    assert peak(model_dir, "word " * 300, texts=32, threads=2) < 600_000, "of the 768 MiB of a worker in dev"


def test_parallel_questions_take_no_more_memory_than_one(model_dir: Path) -> None:
    # With 16 questions, the peak was 1.5 GB when each run expanded all weights to floats.
    assert peak(model_dir, "Where is the spare mirror kept?", texts=1, threads=16) < 400_000


def test_long_questions_take_no_more_memory_than_the_processors_need(model_dir: Path) -> None:
    # It was 1.3 GB. A lock around the runs is not enough: each thread would keep the memory of its
    # run.
    assert (
        peak(model_dir, "where is the spare mirror kept? " * 125, texts=1, threads=40)
        < 300_000 + 100_000 * cpus()
    )


def test_one_question_runs_per_processor(local: LocalEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    running = Slow()

    class Session:
        def run(self, *_: object) -> list[object]:
            running.step()
            return [np.ones((1, 384), np.float32)]

    monkeypatch.setattr(local, "_session", Session())
    with ThreadPoolExecutor(20) as pool:
        done = [pool.submit(local.embed, ["What?"]) for _ in range(20)]
        time.sleep(0.5)
        running.released.set()
        assert all(len(one.result()) == 1 for one in done)
    assert running.most == cpus()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu.max": "100000 100000"}, 1),
        ({"cpu.max": "150000 100000"}, min(2, PROCESSORS)),
        ({"cpu.max": "max 100000"}, PROCESSORS),
        ({"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, PROCESSORS),
        ({}, PROCESSORS),
    ],
)
def test_the_processors_are_those_of_the_container(
    tmp_path: Path, files: dict[str, str], expected: int
) -> None:
    (tmp_path / "cpu").mkdir()
    for name, content in files.items():
        (tmp_path / name).write_text(f"{content}\n")
    assert cpus(tmp_path) == expected


def test_two_compact_embedders_fit_into_512_mib(model_dir: Path) -> None:
    assert peak(model_dir, "Where is the spare mirror kept?", texts=1, threads=16, compact="yes") < 240_000


def test_an_empty_list_of_texts_gives_no_vectors(local: LocalEmbedder) -> None:
    assert len(local.embed([])) == 0


def test_the_runtime_sends_no_telemetry(local: LocalEmbedder) -> None:
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
