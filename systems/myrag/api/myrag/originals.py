"""The uploaded files, unchanged, in a folder on a volume."""

import os
import uuid
from pathlib import Path

from ragkit.errors import Unavailable


class Originals:
    """Stores each file under the id of its document: a name from outside never becomes a path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, document_id: uuid.UUID, content: bytes) -> None:
        """Write the file. A crash never leaves an incomplete file under its name."""
        path = self._folder / str(document_id)
        part = path.with_suffix(".part")
        try:
            part.write_bytes(content)
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise Unavailable("data folder", f"the file cannot be stored ({error.strerror})") from error

    def forget(self, document_id: uuid.UUID) -> None:
        """Delete the file, if it exists."""
        (self._folder / str(document_id)).unlink(missing_ok=True)

    def check(self) -> None:
        """Raise Unavailable when the folder is not writable."""
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise Unavailable("data folder", f"{self._folder} is not writable for uid {os.getuid()}")
