"""Metrics of several processes of one service, added up through files."""

import os
import shutil
import sys
import tempfile
from pathlib import Path


def share_metrics(service: str) -> Path:
    """Let all processes started from here share their metrics. Returns their folder, which is empty
    at first.

    Call this before anything imports prometheus_client, which reads the variable at import. Raises
    RuntimeError if it is too late: the metrics of requests would be missing.
    """
    if "prometheus_client" in sys.modules:
        raise RuntimeError("prometheus_client was imported before share_metrics was called")
    folder = Path(tempfile.gettempdir()) / f"{service}-metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    return folder
