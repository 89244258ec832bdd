"""The connection to PostgreSQL."""

from sqlalchemy import Engine

from myrag.settings import Settings
from ragkit import database


def make_engine(settings: Settings) -> Engine:
    """Return an engine for the database of the settings."""
    return database.make_engine(settings.database, "myrag", pool_size=10)
