"""The lock on Chroma's files. The kernel frees it when its process ends, in any way."""

from pathlib import Path

from filelock import FileLock, Timeout

# A predecessor that was told to stop may need some time.
WAIT_SECONDS = 15.0


def take_data(path: Path, wait_seconds: float = WAIT_SECONDS) -> FileLock:
    """Take the lock until it is released. Raises ValueError when another process keeps it."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=wait_seconds, poll_interval=0.2)
    except Timeout:
        raise ValueError(
            f"another process uses the Chroma data in {path.parent}, which cannot be shared; "
            "run one replica, or set CHROMA_HOST to a Chroma server"
        ) from None
    return lock
