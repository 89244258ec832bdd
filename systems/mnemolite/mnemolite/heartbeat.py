"""The heartbeat of the worker: a file that its main loop writes.

It uses the standard library only, because the health check must be quick.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

STALE_SECONDS = 20.0
COMMAND = b"ingestion.py"


class Heartbeat:
    """A file with the process id of the worker. Its time is that of the last turn of the main
    loop."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "heartbeat"

    def beat(self) -> None:
        """Record that the loop runs."""
        try:
            self._file.write_text(f"{os.getpid()}\n", encoding="ascii")
        except OSError as error:
            # The worker continues. The health check reports the problem.
            sys.stderr.write(f"the heartbeat cannot be written: {error}\n")

    def stop(self) -> None:
        """Delete the file."""
        self._file.unlink(missing_ok=True)

    def problem(self) -> str:
        """Return what is wrong, or "" if nothing is."""
        try:
            age = time.time() - self._file.stat().st_mtime
            process = int(self._file.read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            return f"the worker's heartbeat file cannot be read ({error})"
        if age > STALE_SECONDS:
            return f"the loop of the worker has not run for {age:.0f} s"
        # The file remains after the process ends, so a new file may belong to a worker that has
        # just died.
        try:
            running = process != os.getpid() and COMMAND in Path(f"/proc/{process}/cmdline").read_bytes()
        except OSError:
            running = False
        return "" if running else f"the process of the worker ({process}) is gone"


def default() -> Heartbeat:
    """Return the heartbeat of this container. It is not on the volume, which other workers
    share."""
    return Heartbeat(Path(tempfile.gettempdir()))


def probe() -> int:
    """Return 0 while the worker runs. Otherwise print the reason and return 1."""
    problem = default().problem()
    if problem:
        sys.stderr.write(f"{problem}\n")
    return 1 if problem else 0
