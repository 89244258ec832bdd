"""The connection to PostgreSQL; the password is read from its file at each connection."""

from typing import Any

from sqlalchemy import URL, Engine, create_engine, event

from mnemolite.settings import Settings
from ragapp.secret_files import read_secret


def make_engine(settings: Settings, statement_timeout: str = "10s") -> Engine:
    """Return an engine that checks a connection before use and waits at most five seconds for one."""
    engine = create_engine(
        URL.create(
            "postgresql+psycopg",
            username=settings.database_user,
            host=settings.database_host,
            port=settings.database_port,
            database=settings.database_name,
        ),
        pool_size=5,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        # Errors are logged, and parameters are people's documents.
        hide_parameters=True,
        connect_args={
            "connect_timeout": 3,
            "application_name": "mnemolite",
            # Less than the 20 s after which the worker's heartbeat is too old: a database that is gone must
            # not make the worker look dead.
            "tcp_user_timeout": 10_000,
            "options": f"-c statement_timeout={statement_timeout} -c idle_in_transaction_session_timeout=60s",
        },
    )

    @event.listens_for(engine, "do_connect")
    def _password(_dialect: Any, _record: Any, _args: Any, parameters: dict[str, Any]) -> None:
        # Not in the URL, which error messages and logs may repeat; and a rotated one is used at once.
        parameters["password"] = read_secret(settings.database_password_file)

    return engine
