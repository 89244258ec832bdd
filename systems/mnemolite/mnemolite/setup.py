"""The setup job: creates what is missing in the running database. It may run again at any time."""

import logging
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from mnemolite.database import make_engine
from mnemolite.settings import load_settings_or_exit
from ragkit.database import connect_when_up
from ragkit.logs import configure_logs

log = logging.getLogger(__name__)

SQL = Path(__file__).parent.parent / "db"
WAIT_SECONDS = 60.0
# Any constant works, as long as all setups use the same one.
ADVISORY_LOCK = 4_930_662


def setup() -> int:
    """Run the SQL of the first start, then that of the recurring jobs, in one transaction."""
    settings = load_settings_or_exit()
    configure_logs()
    engine = make_engine(settings, statement_timeout="0")
    try:
        with connect_when_up(engine, WAIT_SECONDS) as connection, connection.begin():
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            if problem := unprepared(connection):
                log.error("%s", problem)
                return 1
            for file in [*sorted((SQL / "init").glob("*.sql")), SQL / "setup.sql"]:
                run(connection, file)
            install_pgmq(connection, SQL / "pgmq" / "pgmq.sql")
    except SQLAlchemyError as error:
        log.error("the setup failed: %s", getattr(error, "orig", error))
        return 1
    log.info("the database is set up")
    return 0


def run(connection: Connection, file: Path) -> None:
    """Run a file of SQL."""
    log.info("running %s", file.name)
    # Runs without parameters, so that a % in the file stays a %.
    connection.execution_options(no_parameters=True).exec_driver_sql(file.read_text(encoding="utf-8"))


def install_pgmq(connection: Connection, file: Path) -> None:
    """Create the queue functions of pgmq, unless the database has them. The file cannot run
    twice."""
    if connection.scalar(text("SELECT to_regclass('pgmq.meta')")) is None:
        run(connection, file)


def unprepared(connection: Connection) -> str:
    """Return what the server lacks, or "" if it lacks nothing."""
    # Only a superuser can create pg_cron. The server must load its library, and the database must
    # be the one in cron.database_name.
    if connection.scalar(text("SELECT 1 FROM pg_extension WHERE extname = 'pg_cron'")):
        return ""
    return (
        "the extension pg_cron is missing: start PostgreSQL with"
        " -c shared_preload_libraries=pg_cron,pg_partman_bgw -c cron.database_name=<database>"
        " and run CREATE EXTENSION pg_cron as its administrator"
    )


if __name__ == "__main__":
    raise SystemExit(setup())
