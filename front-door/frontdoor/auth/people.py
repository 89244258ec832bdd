"""The built-in users."""

import re
import sqlite3
import time
from dataclasses import dataclass

from frontdoor.auth import audit
from frontdoor.auth.audit import Event
from frontdoor.auth.database import Database
from frontdoor.auth.roles import Role

NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
EMAIL = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,190}")


@dataclass(frozen=True)
class User:
    """A built-in user. The name is in lower case."""

    id: int
    name: str
    email: str
    role: Role
    password: str
    created: float


class Unknown(Exception):
    """The user or key does not exist."""


class Exists(Exception):
    """The user or key already exists."""


class People:
    """Adds, changes and removes users. Each change is in the audit log."""

    def __init__(self, database: Database, actor: str) -> None:
        self._database = database
        self._actor = actor

    def find(self, name: str) -> User | None:
        """Return the user of this name, if there is one."""
        row = self._database.first(
            "SELECT id, name, email, role, password, created FROM users WHERE name = ?", name
        )
        return User(*row) if row else None

    def all(self) -> list[User]:
        """Return all users by name."""
        rows = self._database.read("SELECT id, name, email, role, password, created FROM users ORDER BY name")
        return [User(*row) for row in rows]

    def add(self, name: str, role: Role, email: str, password: str) -> None:
        """Add a user with the hash of a password, or raise Exists."""
        with self._database.write() as connection:
            try:
                connection.execute(
                    "INSERT INTO users (name, email, role, password, created) VALUES (?, ?, ?, ?, ?)",
                    (name, email, role, password, time.time()),
                )
            except sqlite3.IntegrityError as error:
                raise Exists from error
            self._record(connection, "user-add", f"{name} as {role}")

    def remove(self, name: str) -> None:
        """Remove a user and end the sessions, or raise Unknown."""
        with self._database.write() as connection:
            _changed(connection.execute("DELETE FROM users WHERE name = ?", (name,)))
            self._record(connection, "user-remove", name)

    def set_role(self, name: str, role: Role) -> None:
        """Change the role, from the next request of each session on, or raise Unknown."""
        with self._database.write() as connection:
            _changed(connection.execute("UPDATE users SET role = ? WHERE name = ?", (role, name)))
            self._record(connection, "user-role", f"{name} to {role}")

    def set_password(self, name: str, password: str) -> None:
        """Store the hash of another password and end the sessions, or raise Unknown."""
        with self._database.write() as connection:
            _changed(connection.execute("UPDATE users SET password = ? WHERE name = ?", (password, name)))
            connection.execute(
                "DELETE FROM sessions WHERE user = (SELECT id FROM users WHERE name = ?)", (name,)
            )
            self._record(connection, "user-password", name)

    def _record(self, connection: sqlite3.Connection, action: str, what: str) -> None:
        audit.insert(connection, Event(self._actor, action, what, "ok"))


def _changed(cursor: sqlite3.Cursor) -> None:
    if cursor.rowcount == 0:
        raise Unknown
