"""The migrations as a job. The exit code tells whether the schema is ready for the application."""

import logging
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ragapp.database import make_engine
from ragapp.settings import Settings, load_settings_or_exit
from ragapp.space import adopt_space, reset_space
from ragapp.stores import make_store
from ragkit.database import connect_when_up
from ragkit.errors import SpaceMismatch, Unavailable
from ragkit.logs import configure_logs

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent.parent / "migrations"
# The same time as the API waits for its stores.
WAIT_SECONDS = 30.0
# Any constant works, as long as all migrations of this database use the same one.
ADVISORY_LOCK = 7_261_038


def migrate() -> int:
    """Upgrade to the newest schema and record the embedding space. Return 1 on a mismatch."""
    return _run(_adopt)


def reindex() -> int:
    """Upgrade to the newest schema, empty the vector store and queue every document for
    ingestion."""
    return _run(_reset)


def _run(finish: Callable[[Session, Settings], None]) -> int:
    settings = load_settings_or_exit()
    configure_logs(settings.log_level)
    engine = make_engine(settings)
    try:
        with connect_when_up(engine, WAIT_SECONDS) as connection:
            upgrade(connection, lambda session: finish(session, settings))
    except OperationalError as error:
        log.error("the database cannot be used: %s", error.orig)
        return 1
    except (SpaceMismatch, Unavailable) as error:
        log.error("%s", error)
        return 1
    log.info("the database has the schema that this version needs")
    return 0


def upgrade(connection: Connection, finish: Callable[[Session], None]) -> None:
    """Apply the migrations and then `finish`. A lock prevents two processes from doing this at the
    same time.
    """
    # Creating an index over many vectors takes longer than the time limit of a query.
    connection.execute(text("SET statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
    connection.commit()
    try:
        _upgrade(connection)
        with Session(connection) as session, session.begin():
            finish(session)
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
        connection.commit()
        # The next user of this pooled connection must get the ordinary timeout back.
        connection.invalidate()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    if newer := _newer_revisions(connection, config):
        # A rollback to this version. After each migration, the previous version can still work.
        log.warning("the schema of a newer version stays: revision %s", ", ".join(sorted(newer)))
        return
    command.upgrade(config, "head")
    connection.commit()


def _newer_revisions(connection: Connection, config: Config) -> set[str]:
    """Return the revisions of the database that this version does not have."""
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    return set(MigrationContext.configure(connection).get_current_heads()) - known


def _adopt(session: Session, settings: Settings) -> None:
    try:
        adopt_space(session, settings)
    except SpaceMismatch:
        if settings.embedding_change != "reindex":
            raise
        _reset(session, settings)


def _reset(session: Session, settings: Settings) -> None:
    queued = reset_space(session, settings)
    make_store(settings).clear()
    log.warning("%d documents are queued to be embedded with %s", queued, settings.embedding_model)
