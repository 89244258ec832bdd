"""The lock on Chroma's files, which only one process may use."""

from pathlib import Path
from typing import IO

from ragkit.locks import take

# A predecessor that was told to stop may need some time.
WAIT_SECONDS = 15.0


def take_data(path: Path, wait_seconds: float = WAIT_SECONDS) -> IO[str]:
    """Take the lock until the returned file is closed. Raises ValueError when another process keeps
    it."""
    try:
        return take(path, wait_seconds)
    except TimeoutError:
        raise ValueError(
            f"another process uses the Chroma data in {path.parent}, which cannot be shared; "
            "run one replica, or set CHROMA_HOST to a Chroma server"
        ) from None
