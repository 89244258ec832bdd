"""A stop of gunicorn loses no request. Does not prove it for the image and its settings."""

import sys
from pathlib import Path

from ragkit_testing.stops import free_port, lost, outcomes_of_a_stop

PROGRAM = """
from fastapi import FastAPI

def create():
    app = FastAPI()
    app.add_api_route("/", lambda: "here", methods=["POST"])
    return app
"""

WORKER = "financerag.worker.DrainingWorker"


def test_no_request_is_lost_at_a_stop(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    port = free_port()
    options = ["-b", f"127.0.0.1:{port}", "-w", "4", "-k", WORKER, "--no-control-socket"]
    outcomes = outcomes_of_a_stop(
        [sys.executable, "-m", "gunicorn", *options, "program:create()"], port, tmp_path
    )
    assert outcomes["200"] > 0
    assert lost(outcomes) == 0, outcomes
