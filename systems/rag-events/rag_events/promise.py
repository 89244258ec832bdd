"""The health of the collector: until when its next round must have succeeded.

It uses the standard library only, because the health check must be quick.
"""

import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path


def file() -> Path:
    """Return the file with the time."""
    return Path(tempfile.gettempdir()) / "collector"


def give(within: timedelta) -> None:
    """Record that a round will have succeeded by then."""
    file().write_text(str(time.time() + within.total_seconds()), encoding="ascii")


def check() -> int:
    """Return 0 if there is still time. Otherwise print the reason and return 1."""
    try:
        until = float(file().read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"the collector has not started yet: {error}\n")
        return 1
    if time.time() <= until:
        return 0
    sys.stderr.write("no collection has succeeded for too long; the log has the reasons\n")
    return 1
