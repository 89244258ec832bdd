"""The database that all replicas and the commands share: one file of SQLite on one host.

Revisions run next to each other during a deployment. So a new schema only adds to the previous one.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Each entry brings a database to the next version, which is its `user_version`. Times are seconds
# since 1970. Tokens and keys are stored as SHA-256 in hexadecimal.
SCHEMA = (
    """
    CREATE TABLE users (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL UNIQUE,
      email TEXT NOT NULL,
      role TEXT NOT NULL,
      password TEXT NOT NULL,
      created REAL NOT NULL
    ) STRICT;
    CREATE TABLE sessions (
      hash TEXT PRIMARY KEY,
      user INTEGER REFERENCES users (id) ON DELETE CASCADE,
      issuer TEXT,
      subject TEXT,
      name TEXT,
      email TEXT,
      groups TEXT,
      id_token TEXT,
      created REAL NOT NULL,
      expires REAL NOT NULL
    ) STRICT;
    CREATE INDEX sessions_user ON sessions (user);
    CREATE INDEX sessions_expires ON sessions (expires);
    CREATE TABLE used_states (hash TEXT PRIMARY KEY, expires REAL NOT NULL) STRICT;
    CREATE TABLE keys (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      hash TEXT NOT NULL,
      role TEXT NOT NULL,
      created REAL NOT NULL,
      expires REAL,
      revoked REAL,
      last_used REAL
    ) STRICT;
    CREATE UNIQUE INDEX keys_name ON keys (name) WHERE revoked IS NULL;
    CREATE TABLE audit (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      time REAL NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      object TEXT NOT NULL,
      result TEXT NOT NULL,
      address TEXT NOT NULL,
      printed INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX audit_time ON audit (time);
    CREATE INDEX audit_actor ON audit (actor, action, result, address);
    CREATE INDEX audit_unprinted ON audit (id) WHERE printed = 0;
    """,
)
# Milliseconds that a writer waits for another.
BUSY_TIMEOUT = 5000


class Database:
    """One connection that reads and one that writes. Readers never wait for writers."""

    def __init__(self, path: Path) -> None:
        """Open the file, create it if it is absent, and bring its schema to the newest version."""
        try:
            self._writer = _connect(path)
            self._lock = threading.Lock()
            # SQLite ends the process if a connection is closed while another thread reads from it.
            self._reading = threading.Lock()
            self._upgrade()
            self._reader = _connect(path)
        except sqlite3.Error as error:
            raise ValueError(f"{path}: cannot be used as the database ({error})") from error

    def read(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        with self._reading:
            return self._reader.execute(query, values).fetchall()

    def first(self, query: str, *values: Any) -> sqlite3.Row | None:
        """Return the first row of a query, if there is one."""
        rows = self.read(query, *values)
        return rows[0] if rows else None

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Write in one transaction, which an exception undoes. May wait: call it in a thread."""
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    @contextmanager
    def attached(self, other: Path, name: str) -> Iterator[sqlite3.Connection]:
        """Write in one transaction that can read another database under a name."""
        with self._lock:
            self._writer.execute(f"ATTACH DATABASE ? AS {name}", (str(other),))
        try:
            with self.write() as connection:
                yield connection
        finally:
            with self._lock:
                self._writer.execute(f"DETACH DATABASE {name}")

    def close(self) -> None:
        """Close both connections."""
        with self._reading:
            self._reader.close()
        with self._lock:
            self._writer.close()

    def _upgrade(self) -> None:
        with self.write() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            for number, script in enumerate(SCHEMA[version:], start=version + 1):
                for statement in script.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")


def _connect(path: Path) -> sqlite3.Connection:
    # Other threads also use the connections: Python's SQLite is built for that, and the lock keeps
    # transactions apart.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
    connection.execute("PRAGMA journal_mode = WAL")
    # A revoked key must stay revoked after a power failure.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection
