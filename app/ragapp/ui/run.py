"""Starts Streamlit in place of this process, so that it gets the container's signals."""

import os
import sys
from pathlib import Path
from typing import NoReturn


def run() -> NoReturn:
    """Become Streamlit; its options are in .streamlit/config.toml."""
    script = Path(__file__).parent / "main.py"
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", str(script)])  # noqa: S606
