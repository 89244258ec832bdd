"""API keys: `rdk_<id>_<secret>`. The database holds the SHA-256 of the secret."""

import hashlib
import hmac
import re
import secrets
import sqlite3
import time
from dataclasses import dataclass
from typing import Literal

from frontdoor.auth import audit
from frontdoor.auth.audit import Event
from frontdoor.auth.database import Database
from frontdoor.auth.people import Exists, Unknown
from frontdoor.auth.roles import Role

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
TOKEN = re.compile(r"rdk_([0-9a-f]{16})_([0-9a-f]{64})")
# Seconds between two writes of the last use of a key.
USE_SECONDS = 60


@dataclass(frozen=True)
class Key:
    """An API key of a program."""

    id: str
    name: str
    hash: str
    role: Role
    created: float
    expires: float | None
    revoked: float | None
    last_used: float | None


Fault = Literal["key_unknown", "key_expired", "key_revoked"]
# The secret is compared with this hash if no key has the id, so that an unknown id takes the same
# time.
_NO_HASH = hashlib.sha256(secrets.token_bytes(32)).hexdigest()


class Keys:
    """Creates, checks and revokes keys."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._used: dict[str, float] = {}

    def check(self, token: str) -> tuple[Key | None, Fault | None]:
        """Return the key that a token belongs to, and what is wrong with it.

        Without the right secret, the fault of every key is `key_unknown`.
        """
        found = TOKEN.fullmatch(token)
        key_id, secret = found.groups() if found else ("", "")
        row = self._database.first(
            "SELECT id, name, hash, role, created, expires, revoked, last_used FROM keys WHERE id = ?", key_id
        )
        is_right = hmac.compare_digest(row["hash"] if row else _NO_HASH, _hash(secret))
        if row is None or not is_right:
            return None, "key_unknown"
        key, now = Key(*row), time.time()
        if key.revoked is not None:
            return key, "key_revoked"
        if key.expires is not None and key.expires <= now:
            return key, "key_expired"
        if now - (key.last_used or 0) >= USE_SECONDS:
            self._used[key.id] = now
        return key, None

    def flush(self) -> None:
        """Write when keys were last used."""
        if not self._used:
            return
        used, self._used = self._used, {}
        with self._database.write() as connection:
            connection.executemany(
                "UPDATE keys SET last_used = max(ifnull(last_used, 0), ?) WHERE id = ?",
                [(moment, key_id) for key_id, moment in list(used.items())],
            )

    def all(self) -> list[Key]:
        """Return the keys that are not revoked, by name."""
        rows = self._database.read(
            "SELECT id, name, hash, role, created, expires, revoked, last_used FROM keys"
            " WHERE revoked IS NULL ORDER BY name"
        )
        return [Key(*row) for row in rows]

    def create(self, name: str, role: Role, expires: float | None, actor: str) -> str:
        """Return the token of a new key, which is never shown again. Raises Exists."""
        key_id, secret = secrets.token_hex(8), secrets.token_hex(32)
        with self._database.write() as connection:
            try:
                connection.execute(
                    "INSERT INTO keys (id, name, hash, role, created, expires) VALUES (?, ?, ?, ?, ?, ?)",
                    (key_id, name, _hash(secret), role, time.time(), expires),
                )
            except sqlite3.IntegrityError as error:
                raise Exists from error
            audit.insert(connection, Event(actor, "key-create", f"{name} as {role}", "ok"))
        return f"rdk_{key_id}_{secret}"

    def revoke(self, name: str, actor: str) -> None:
        """Refuse a key from the next request on, or raise Unknown."""
        with self._database.write() as connection:
            revoked = connection.execute(
                "UPDATE keys SET revoked = ? WHERE name = ? AND revoked IS NULL", (time.time(), name)
            )
            if revoked.rowcount == 0:
                raise Unknown
            audit.insert(connection, Event(actor, "key-revoke", name, "ok"))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
