"""Metrics of several processes of one service, added up through files."""

import os
import shutil
import tempfile
from pathlib import Path


def share_metrics(name: str = "ragapp-metrics") -> Path:
    """Let the processes started from here share their metrics through a folder, empty at the start.

    prometheus_client reads the variable when it is imported: call this before anything imports it.
    """
    folder = Path(tempfile.gettempdir()) / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    return folder
