"""The audit log: who did what, when, from where, and whether it was allowed.

It never contains document contents, questions, passwords, tokens or cookies. The rows of the
database are the log. The service also prints each row once as a line of JSON, whichever process
wrote it.
"""

import json
import logging
import sqlite3
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TextIO

from frontdoor.auth import metrics
from frontdoor.auth.database import Database

LONGEST_TEXT = 200
KEPT_SECONDS = 400 * 86400
KEPT_ROWS = 1_000_000
# Rows that one transaction deletes, so that it ends soon.
PRUNED_AT_ONCE = 5_000
# The largest number of events that wait for the next write. More events are dropped and counted.
WAITING = 10_000

log = logging.getLogger(__name__)


def bounded(text: str) -> str:
    """Return untrusted text for the log: one line, printable and short."""
    escaped = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text[:LONGEST_TEXT]
    )
    return escaped[:LONGEST_TEXT]


@dataclass(frozen=True)
class Event:
    """An event that the log records. The actor is `user:anna`, `oidc:248289`, `key:ci` or empty."""

    actor: str
    action: str
    object: str
    result: str
    address: str = ""
    time: float = field(default_factory=time.time)


def insert(connection: sqlite3.Connection, event: Event) -> None:
    """Add an event in the transaction of the change that it reports."""
    connection.execute(
        "INSERT INTO audit (time, actor, action, object, result, address, printed) VALUES (?,?,?,?,?,?,0)",
        (
            event.time,
            *(
                bounded(text)
                for text in (event.actor, event.action, event.object, event.result, event.address)
            ),
        ),
    )


class Audit:
    """Writes the events of requests in the background, so that no request waits for the disk."""

    def __init__(self, database: Database, output: TextIO | None = None) -> None:
        self._database = database
        self._output = output
        self._waiting: deque[Event] = deque()

    def add(self, event: Event) -> None:
        """Write an event with the next `flush`."""
        if len(self._waiting) < WAITING:
            self._waiting.append(event)
        else:
            metrics.AUDIT_DROPPED.inc()

    def flush(self) -> None:
        """Write the events that wait, and print the rows that no process has printed."""
        events = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not events and self._database.first("SELECT 1 FROM audit WHERE printed = 0 LIMIT 1") is None:
            return
        try:
            with self._database.write() as connection:
                for event in events:
                    insert(connection, event)
                # Only one process prints a row, because only one can mark it as printed.
                rows = connection.execute(
                    "UPDATE audit SET printed = 1 WHERE printed = 0"
                    " RETURNING id, time, actor, action, object, result, address"
                ).fetchall()
        except sqlite3.Error:
            self._waiting.extendleft(reversed(events))
            raise
        output = self._output or sys.stdout
        for row in sorted(rows, key=lambda row: int(row["id"])):
            output.write(json.dumps(as_dict(row), ensure_ascii=False) + "\n")
        output.flush()

    def prune(self, now: float) -> None:
        """Delete rows that are too old or too many."""
        while True:
            with self._database.write() as connection:
                deleted = connection.execute(
                    "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE time < ? OR"
                    " id <= (SELECT max(id) FROM audit) - ? ORDER BY id LIMIT ?)",
                    (now - KEPT_SECONDS, KEPT_ROWS, PRUNED_AT_ONCE),
                ).rowcount
            if deleted < PRUNED_AT_ONCE:
                return


def moment(seconds: float) -> str:
    """Return a time as the log has it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def as_dict(row: sqlite3.Row) -> dict[str, Any]:
    """Return a row as an object of JSON."""
    return {
        "time": moment(row["time"]),
        "level": "info",
        "log": "audit",
        **{name: row[name] for name in ("actor", "action", "object", "result", "address")},
    }
