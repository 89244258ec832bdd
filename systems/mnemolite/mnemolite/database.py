"""The connection to PostgreSQL."""

from sqlalchemy import Engine

from mnemolite.settings import Settings
from ragkit import database


def make_engine(settings: Settings, statement_timeout: str = "10s") -> Engine:
    """Return an engine for the database of the settings."""
    return database.make_engine(
        settings.database,
        "mnemolite",
        statement_timeout=statement_timeout,
        # Less than the 20 s after which the heartbeat is too old, so that a lost database does not
        # make the worker look dead.
        tcp_user_timeout_ms=10_000,
    )
