"""Runs the migrations on the database that the environment names, one container at a time."""

import time

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from myrag.database import make_engine
from myrag.settings import load_settings_or_exit
from myrag.space import adopt
from ragapp.errors import SpaceMismatch
from ragapp.logs import configure_logs

WAIT_SECONDS = 30.0
# Any constant will do, as long as every container takes the same one.
ADVISORY_LOCK = 8_150_217

settings = load_settings_or_exit()
configure_logs("INFO")


def connect() -> Connection:
    """Return a connection, waiting for a database that starts at the same time as this container."""
    engine = make_engine(settings)
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return engine.connect()
        except OperationalError as error:
            if time.monotonic() > deadline:
                raise CommandError(f"the database cannot be used: {error.orig}") from error
            time.sleep(1)


with connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        # An index over many vectors takes longer than a query is allowed to.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        # Held until the commit: a second container then finds the schema there and does nothing.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        context.run_migrations()
        try:
            adopt(connection, settings.embedding)
        except SpaceMismatch as error:
            raise CommandError(str(error)) from error
