"""What all commands share: the database, messages to the user, and tables."""

import argparse
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

from frontdoor.auth.database import Database

UNITS = {"h": 3600, "d": 86400}
LONGEST_DAYS = 3650


class Failure(Exception):
    """A command cannot be carried out. The message gives the reason and the command that fixes it."""


@dataclass(frozen=True)
class Context:
    """The objects that a command uses. The actor is the one in the audit log."""

    database: Database
    stack: str
    actor: str

    def command(self, text: str) -> str:
        """Return a command as the user types it."""
        return f"`./ragdock {text} --stack {self.stack}`"


def say(text: str) -> None:
    """Print a line of the result."""
    sys.stdout.write(f"{text}\n")


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print a table."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def moment(seconds: float | None, otherwise: str = "never") -> str:
    """Return a time for people."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC" if seconds else otherwise


def duration(text: str) -> int:
    """Return the seconds of a duration such as 90d or 12h. Raises ArgumentTypeError, for argparse."""
    found = re.fullmatch(r"([1-9]\d{0,5})([hd])", text)
    if not found or int(found[1]) * UNITS[found[2]] > LONGEST_DAYS * 86400:
        raise argparse.ArgumentTypeError(
            f"found {text!r}; write a number with h or d, such as 12h or 90d, up to {LONGEST_DAYS}d"
        )
    return int(found[1]) * UNITS[found[2]]
