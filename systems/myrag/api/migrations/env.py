"""Runs the migrations on the database that the environment names, one container at a time."""

import logging

from alembic import context
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from myrag.database import make_engine
from myrag.settings import load_settings_or_exit
from myrag.space import adopt
from ragkit.database import connect_when_up
from ragkit.errors import SpaceMismatch
from ragkit.logs import configure_logs

WAIT_SECONDS = 30.0
# Any constant works, as long as all containers use the same one.
ADVISORY_LOCK = 8_150_217

log = logging.getLogger(__name__)
settings = load_settings_or_exit()
configure_logs()


def connect() -> Connection:
    """Return a connection. Waits for a database that starts at the same time as this container."""
    try:
        return connect_when_up(make_engine(settings), WAIT_SECONDS)
    except OperationalError as error:
        raise CommandError(f"the database cannot be used: {error.orig}") from error


with connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        # Creating an index over many vectors takes longer than the time limit of a query.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        # The lock is held until the commit. A second container then finds the schema and does
        # nothing.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        known = {script.revision for script in ScriptDirectory.from_config(context.config).walk_revisions()}
        if newer := set(context.get_context().get_current_heads()) - known:
            # A rollback to this version. Each migration leaves the version before it able to work.
            log.warning("the schema of a newer version stays: revision %s", ", ".join(sorted(newer)))
        else:
            context.run_migrations()
        try:
            adopt(connection, settings.embedding)
        except SpaceMismatch as error:
            raise CommandError(str(error)) from error
