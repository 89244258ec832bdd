"""Passwords of built-in users, as argon2id."""

import secrets
import unicodedata

from anyio import to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ragkit.api.overload import Gate, Limit

SHORTEST, LONGEST = 12, 256
# A hash takes 64 MiB of memory while it is computed. More than two at once would not fit the
# container.
AT_ONCE = Limit(at_once=2, waiting=8)

_hasher = PasswordHasher()


def problem_of(password: str) -> str | None:
    """Return why a new password cannot be used, or None."""
    if not SHORTEST <= len(password) <= LONGEST:
        return f"the password has {len(password)} characters; it needs {SHORTEST} to {LONGEST}"
    return None


def generated() -> str:
    """Return a new random password."""
    return secrets.token_urlsafe(18)


def hashed(password: str) -> str:
    """Return the hash of a new password."""
    return _hasher.hash(_same_on_all_keyboards(password))


class Passwords:
    """Compares passwords, a few at a time."""

    def __init__(self) -> None:
        self._gate = Gate("passwords", AT_ONCE)
        # The hash that is compared if the name is unknown. The comparison then takes the same time.
        self._nobody = hashed(secrets.token_hex(32))

    async def match(self, stored: str | None, password: str) -> bool:
        """Return whether the password fits the stored hash. None stands for an unknown name.

        Raises `ragkit.api.overload.Busy` when too many passwords wait already.
        """
        async with self._gate.entered():
            fits = await to_thread.run_sync(_matches, stored or self._nobody, password)
        return fits and stored is not None


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, _same_on_all_keyboards(password))
    except (VerificationError, InvalidHashError):
        return False


def _same_on_all_keyboards(password: str) -> str:
    # Keyboards send ü as one character or as two (NIST SP 800-63B, 3.1.1.2).
    return unicodedata.normalize("NFKC", password)
