"""Collects the events of an agenda into the index: once, or again and again."""

import json
import logging
import os
import signal
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rag_events import promise
from rag_events.events import document
from rag_events.index_file import write_whole
from rag_events.library import FaissLibrary
from rag_events.open_agenda import URL, OpenAgenda
from ragkit.embeddings import make_embedder
from ragkit.environment import data_folder, model_from_environment, number, required, required_secret_file
from ragkit.errors import Refused, SpaceMismatch, Unavailable
from ragkit.logs import configure_logs
from ragkit.secret_files import read_secret

log = logging.getLogger(__name__)

# Seconds until the next try after Open Agenda or the embedding model did not answer.
RETRY_SECONDS = 600.0
DAY = 86_400
# A collector that misses so many rounds is not healthy.
MISSED_ROUNDS = 3


@dataclass
class Collected:
    """What one round did with the events of the agenda."""

    events: int = 0
    added: int = 0
    removed: int = 0
    skipped: int = 0


class Collector:
    """Keeps the index like the agenda. It knows which documents are events from a file on the
    volume, and leaves uploads alone."""

    def __init__(self, agenda: OpenAgenda, library: FaissLibrary, folder: Path, language: str) -> None:
        self._agenda = agenda
        self._library = library
        self._file = folder / "events.json"
        self._language = language

    def collect(self, since: datetime) -> Collected:
        """Add new and changed events, and remove those that the agenda no longer has."""
        known = self._known()
        found: dict[str, str] = {}
        done = Collected()
        for page in self._agenda.pages(since):
            made = {str(event.get("uid")): document(event, self._language) for event in page}
            uploads = {uid: upload for uid, upload in made.items() if upload}
            done.events += len(page)
            done.skipped += len(page) - len(uploads)
            ids = self._library.add_all(list(uploads.values()))
            done.added += len(set(ids) - set(known.values()))
            found.update(zip(uploads, ids, strict=True))
            # An interrupted round still knows what it has added.
            self._keep({**known, **found})
        if not found:
            log.warning("the agenda has no events; the events of the last collection stay")
            return done
        gone = set(known.values()) - set(found.values())
        self._library.remove(gone)
        done.removed = len(gone)
        self._keep(found)
        return done

    def _known(self) -> dict[str, str]:
        """Return the documents of the last round by the ids of their events."""
        try:
            known: dict[str, str] = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return known

    def _keep(self, documents: dict[str, str]) -> None:
        write_whole(self._file, json.dumps(documents).encode())


@dataclass(frozen=True)
class Settings:
    """When and how far back to collect."""

    every: timedelta
    past: timedelta


def create() -> tuple[Collector, Settings]:
    """Return the collector for the environment. Raises ValueError when the settings cannot be
    used."""
    folder = data_folder("DATA_DIR", "/app/data")
    language = os.environ.get("OPENAGENDA_LANGUAGE") or "fr"
    key = required_secret_file("OPENAGENDA_KEY_FILE")
    agenda = OpenAgenda(
        required("OPENAGENDA_AGENDA"),
        language,
        lambda: read_secret(key),
        os.environ.get("OPENAGENDA_URL") or URL,
    )
    embedding = model_from_environment("embedding")
    library = FaissLibrary(folder, make_embedder(embedding), embedding, timeout=3600)
    settings = Settings(
        every=timedelta(seconds=number("OPENAGENDA_EVERY_SECONDS", DAY, 600, 30 * DAY)),
        past=timedelta(seconds=number("OPENAGENDA_PAST_SECONDS", 365 * DAY, 1, 3660 * DAY)),
    )
    return Collector(agenda, library, folder, language), settings


def collect_once() -> int:
    """Collect once, and return 0 if that succeeded."""
    configure_logs(os.environ.get("LOG_LEVEL") or "INFO")
    collector, settings = create()
    return 0 if _round(collector, settings) else 1


def collect_always() -> int:
    """Collect again and again. Ends only if Open Agenda refuses the key or the agenda."""
    # Process 1 of a container has no default handler.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    configure_logs(os.environ.get("LOG_LEVEL") or "INFO")
    collector, settings = create()
    missed = settings.every * MISSED_ROUNDS
    promise.give(missed)
    while True:
        succeeded = _round(collector, settings)
        if succeeded:
            promise.give(missed)
        time.sleep(settings.every.total_seconds() if succeeded else RETRY_SECONDS)


def _round(collector: Collector, settings: Settings) -> bool:
    try:
        done = collector.collect(datetime.now(UTC) - settings.past)
    except Refused as error:
        log.error("%s", error)
        raise SystemExit(1) from None
    except (SpaceMismatch, Unavailable) as error:
        log.warning("the events stay as they are: %s", error)
        return False
    log.info(
        "%d events: %d added or changed, %d removed, %d without a title or a date",
        done.events,
        done.added,
        done.removed,
        done.skipped,
    )
    return True
