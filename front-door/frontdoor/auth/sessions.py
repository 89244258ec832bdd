"""Sessions of people. The cookie holds 256 random bits, and the database their SHA-256."""

import hashlib
import json
import secrets
import sqlite3
import time
from dataclasses import dataclass
from typing import Any

from frontdoor.auth import audit
from frontdoor.auth.audit import Event
from frontdoor.auth.database import Database
from frontdoor.auth.identity import Identity
from frontdoor.auth.people import User
from frontdoor.auth.provider_people import Person, role_of
from frontdoor.auth.settings import BuiltIn, Settings

SESSION_SECONDS = 12 * 3600


@dataclass(frozen=True)
class Ended:
    """A session that ended: whose it was, and what the provider needs to end its own."""

    identity: Identity | None
    id_token: str


class Sessions:
    """Starts, finds and ends sessions. The roles are the current ones, not those at the sign-in."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    def find(self, token: str) -> Identity | None:
        """Return the person of a session. None if there is no session, or if the person may no
        longer sign in.
        """
        row = self._database.first(
            "SELECT s.expires, s.issuer, s.subject, s.name, s.email, s.groups,"
            " u.name AS user, u.email AS user_email, u.role FROM sessions AS s"
            " LEFT JOIN users AS u ON u.id = s.user WHERE s.hash = ? AND s.expires > ?",
            _hash(token),
            time.time(),
        )
        return self._identity(row) if row else None

    def start_of_user(self, user: User, address: str) -> str | None:
        """Return the token of a new session. None if the user has changed since the password was
        checked.
        """
        token = secrets.token_urlsafe(32)
        now = time.time()
        with self._database.write() as connection:
            started = connection.execute(
                "INSERT INTO sessions (hash, user, created, expires)"
                " SELECT ?, id, ?, ? FROM users WHERE id = ? AND password = ?",
                (_hash(token), now, now + SESSION_SECONDS, user.id, user.password),
            )
            if started.rowcount == 0:
                return None
            audit.insert(connection, Event(f"user:{user.name}", "sign-in", "", "ok", address))
        return token

    def start_of_person(self, person: Person, id_token: str, address: str) -> str:
        """Return the token of a new session of a person whom the provider knows."""
        token = secrets.token_urlsafe(32)
        now = time.time()
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO sessions"
                " (hash, issuer, subject, name, email, groups, id_token, created, expires)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    _hash(token),
                    person.issuer,
                    person.subject,
                    person.name,
                    person.email,
                    json.dumps(person.groups),
                    id_token,
                    now,
                    now + SESSION_SECONDS,
                ),
            )
            audit.insert(connection, Event(f"oidc:{person.subject}", "sign-in", "", "ok", address))
        return token

    def end(self, token: str, address: str) -> Ended:
        """End a session. A token without a session changes nothing."""
        identity = self.find(token)
        with self._database.write() as connection:
            rows = connection.execute(
                "DELETE FROM sessions WHERE hash = ? RETURNING id_token", (_hash(token),)
            ).fetchall()
            if identity and rows:
                audit.insert(connection, Event(identity.subject, "sign-out", "", "ok", address))
        return Ended(identity, (rows[0]["id_token"] or "") if rows else "")

    def prune(self, now: float) -> None:
        """Delete what has expired."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM sessions WHERE expires <= ?", (now,))
            connection.execute("DELETE FROM used_states WHERE expires <= ?", (now,))

    def _identity(self, row: sqlite3.Row) -> Identity | None:
        sign_in = self._settings.sign_in
        if isinstance(sign_in, BuiltIn):
            return _of_user(row) if row["user"] else None
        if row["issuer"] != sign_in.issuer:
            return None
        groups = tuple(json.loads(row["groups"]))
        person = Person(row["issuer"], row["subject"], row["name"], row["email"], groups)
        return person.identity(role_of(person, sign_in.allow, self._settings.roles), row["expires"])


def _of_user(row: Any) -> Identity:
    return Identity(
        subject=f"user:{row['user']}",
        login=row["user"],
        name=row["user"],
        email=row["user_email"],
        groups=(),
        role=row["role"],
        expires=row["expires"],
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
