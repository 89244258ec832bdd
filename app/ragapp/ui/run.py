"""Replaces this process with Streamlit, which then receives the signals of the container."""

import os
import sys
from pathlib import Path
from typing import NoReturn

from ragapp.ui.config import MAX_UPLOAD_MB, RELOAD


def run() -> NoReturn:
    """Replace this process with Streamlit's server. Its options are in .streamlit/config.toml."""
    script = Path(__file__).parent / "main.py"
    options = [
        f"--server.maxUploadSize={MAX_UPLOAD_MB}",
        # The files of an image do not change. Only mounted sources do.
        f"--server.fileWatcherType={'auto' if RELOAD else 'none'}",
    ]
    os.execv(sys.executable, [sys.executable, "-m", "ragkit.page_server", "run", *options, str(script)])  # noqa: S606 - without a shell
