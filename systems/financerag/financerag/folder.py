"""The folder of documents. It is ingested at the start, and again when its files change if it is
watched."""

import logging
import tempfile
import threading
from pathlib import Path

from financerag.store import FOLDER, ChromaLibrary, document_id_of
from ragkit.errors import Refused, Unavailable, Unreadable
from ragkit.locks import held
from ragkit.metrics import INGESTIONS, stage
from ragkit.passages import deadline
from ragkit.readers import Checkpoint, media_type_of

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
# Seconds to wait after a failure, so that a provider that charges for requests is not called all
# the time.
RETRY_SECONDS = 15.0

# All workers of the container use this file.
LOCK = Path(tempfile.gettempdir()) / "financerag-ingest.lock"

Fingerprints = dict[str, tuple[int, int]]


class Stopping(Exception):
    """The service was asked to stop."""


class Folder:
    """Updates the store from the files, one worker at a time."""

    def __init__(
        self, path: Path, library: ChromaLibrary, stop: threading.Event, timeout: float, lock: Path = LOCK
    ) -> None:
        """Create the folder. A file may take `timeout` seconds."""
        self._path = path
        self._library = library
        self._stop = stop
        self._timeout = timeout
        self._lock = lock
        self._done: Fingerprints | None = None
        self._unreadable: Fingerprints = {}

    def run(self, watch: bool) -> None:
        """Ingest the folder until it has succeeded once. A watched folder is ingested again until
        the service stops."""
        while not self._stop.is_set():
            pause = POLL_SECONDS
            try:
                self.sync()
                if not watch:
                    return
            except Stopping:
                return
            except (Unavailable, Refused, OSError) as error:
                log.warning("the documents in %s are not ingested: %s", self._path, error)
                pause = RETRY_SECONDS
            self._stop.wait(pause)

    def sync(self) -> None:
        """Store files that are new or changed. Delete documents whose file is gone."""
        if not self._path.is_dir():
            # A missing folder does not count as empty, because a missing mount must not delete
            # everything.
            raise OSError(f"{self._path} is not a folder")
        files = self._fingerprints()
        if files == self._done:
            return
        with held(self._lock):
            for name in files:
                self._ingest(name, files[name])
            wanted = {document_id_of(FOLDER, name) for name in files if name not in self._unreadable}
            for document in self._library.documents(FOLDER):
                if document.id not in wanted:
                    self._library.remove(document.id)
                    log.info("%s is deleted", document.name)
        self._done = files

    def _ingest(self, name: str, fingerprint: tuple[int, int]) -> None:
        if (self._done or {}).get(name) == fingerprint:
            return
        self._unreadable.pop(name, None)
        try:
            with stage("ingest"):
                content = (self._path / name).read_bytes()
                media_type = media_type_of(name, None) or ""
                _, is_new = self._library.put(FOLDER, name, media_type, content, self._checkpoint(name))
        except (Unreadable, FileNotFoundError) as error:
            self._unreadable[name] = fingerprint
            INGESTIONS.labels("failed").inc()
            log.warning("%s cannot be read: %s", name, error)
            return
        if is_new:
            INGESTIONS.labels("ready").inc()
            log.info("%s is ingested", name)

    def _checkpoint(self, name: str) -> Checkpoint:
        """Return the function that ends an ingestion: at the stop, too slow, or when its file was
        deleted."""
        in_time = deadline(self._timeout, "INGEST_TIMEOUT_SECONDS")

        def check() -> None:
            if self._stop.is_set():
                raise Stopping
            in_time()
            if not (self._path / name).exists():
                raise FileNotFoundError(f"{name} was deleted")

        return check

    def _fingerprints(self) -> Fingerprints:
        """Return the time of change and the size of each readable file."""
        found = {}
        for path in sorted(self._path.rglob("*")):
            name = path.relative_to(self._path).as_posix()
            if path.name.startswith(".") or media_type_of(name, None) is None or not path.is_file():
                continue
            status = path.stat()
            found[name] = (status.st_mtime_ns, status.st_size)
        return found
