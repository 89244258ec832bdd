"""Starts Streamlit in place of this process, so that it gets the container's signals."""

import os
import sys
from pathlib import Path
from typing import NoReturn

from ragapp.ui.config import MAX_UPLOAD_MB


def run() -> NoReturn:
    """Become Streamlit; its options are in .streamlit/config.toml."""
    script = Path(__file__).parent / "main.py"
    limit = f"--server.maxUploadSize={MAX_UPLOAD_MB}"
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", limit, str(script)])  # noqa: S606
