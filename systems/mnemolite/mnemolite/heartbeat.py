"""The worker's sign of life: a file that its main loop touches. Standard library only, for a quick probe."""

import os
import sys
import tempfile
import time
from pathlib import Path

STALE_SECONDS = 20.0
COMMAND = b"ingestion.py"


class Heartbeat:
    """A file with the worker's process id, as old as the last turn of its main loop."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "heartbeat"

    def beat(self) -> None:
        """Record that the loop has turned."""
        try:
            self._file.write_text(f"{os.getpid()}\n", encoding="ascii")
        except OSError as error:
            # No reason to stop working; the probe will say what is wrong.
            sys.stderr.write(f"the heartbeat cannot be written: {error}\n")

    def stop(self) -> None:
        """Leave no sign of life behind."""
        self._file.unlink(missing_ok=True)

    def problem(self) -> str:
        """Return what is wrong, or nothing."""
        try:
            age = time.time() - self._file.stat().st_mtime
            process = int(self._file.read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            return f"the worker gives no sign of life ({error})"
        if age > STALE_SECONDS:
            return f"the worker's loop has not turned for {age:.0f} s"
        # The file outlives the process: one that is still fresh may be of a worker that has just died.
        try:
            running = process != os.getpid() and COMMAND in Path(f"/proc/{process}/cmdline").read_bytes()
        except OSError:
            running = False
        return "" if running else f"the worker's process {process} is gone"


def default() -> Heartbeat:
    """Return the heartbeat of this container: on the volume, another worker's would do for it."""
    return Heartbeat(Path(tempfile.gettempdir()))


def probe() -> int:
    """Return 0 while the worker lives, else print why not and return 1."""
    problem = default().problem()
    if problem:
        sys.stderr.write(f"{problem}\n")
    return 1 if problem else 0
