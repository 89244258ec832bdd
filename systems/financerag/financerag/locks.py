"""Locks on files, which the kernel frees when their process ends, however it ends."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

# A predecessor that was told to stop may need a while.
WAIT_SECONDS = 15.0


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep everyone else out of the block who takes the same lock."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def take_for_good(path: Path, wait_seconds: float = WAIT_SECONDS) -> IO[str]:
    """Take a lock until the returned file is closed; ValueError when another process keeps it."""
    file = path.open("w")
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.close()
                raise ValueError(
                    f"another process uses the Chroma data in {path.parent}, which cannot be shared; "
                    "run one replica, or set CHROMA_HOST to a Chroma server"
                ) from None
            time.sleep(0.2)
