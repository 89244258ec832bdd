"""The metrics of the processes and of the data folder of a service. Does not prove how gunicorn and
uvicorn group their processes: the systems' tests do."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from ragkit.api import telemetry
from ragkit.api.telemetry import DataCollector

# A first process that has a child. The child uses the CPU, ends, and is waited for.
PROCESSES = """
import json, subprocess, sys
from ragkit.api.telemetry import ProcessesCollector
busy = "import time; sum(number * number for number in range(5_000_000)); print(time.process_time())"
child = subprocess.run([sys.executable, "-c", busy], check=True, capture_output=True, text=True)
found = {metric.name: metric.samples[0].value for metric in ProcessesCollector().collect()}
print(json.dumps({"child": float(child.stdout), **found}))
"""


def test_processes_have_a_start_memory_and_cpu_time_that_includes_those_that_ended() -> None:
    before = time.time()
    command = [sys.executable, "-c", PROCESSES]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(  # noqa: S603 - this interpreter
        command, env=environment, start_new_session=True, capture_output=True, text=True, check=True
    )
    found = json.loads(ran.stdout)
    # The kernel counts in hundredths of a second since a boot that it knows in whole seconds.
    assert before - 2 < found["process_start_time_seconds"] < time.time() + 2
    assert found["process_cpu_seconds"] > found["child"]
    assert found["process_resident_memory_bytes"] > 2**20


def test_the_data_of_a_folder_is_what_its_files_take_on_the_disk(tmp_path: Path) -> None:
    def size() -> float:
        (metric,) = DataCollector(tmp_path).collect()
        return metric.samples[0].value

    assert size() == 0
    (tmp_path / "a").mkdir()
    empty = size()
    (tmp_path / "a" / "index").write_bytes(b"x" * 100_000)
    (tmp_path / "a" / "link").symlink_to("/etc")
    assert 100_000 <= size() - empty < 120_000


def test_a_folder_that_takes_long_is_measured_rarely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moments, sizes = iter([0.0, 2.0, 2.0, 199.0, 203.0, 204.0, 204.0]), iter([1, 2])
    monkeypatch.setattr(telemetry, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    monkeypatch.setattr(telemetry, "_size_of", lambda _: next(sizes))
    data = DataCollector(tmp_path)
    assert [next(iter(data.collect())).samples[0].value for _ in range(3)] == [1, 1, 2]
