"""The connection to PostgreSQL."""

from sqlalchemy import Engine

from ragapp.settings import Settings
from ragkit import database


def make_engine(settings: Settings) -> Engine:
    """Return an engine for the database of the settings."""
    address = database.Address(
        settings.database_host,
        settings.database_port,
        settings.database_name,
        settings.database_user,
        settings.database_password_file,
    )
    return database.make_engine(address, "ragapp", pool_size=settings.database_pool_size)
