"""The connection to PostgreSQL; the password is read from its file at each connection."""

from typing import Any

from sqlalchemy import URL, Engine, create_engine, event

from myrag.settings import Settings
from ragapp.secret_files import read_secret


def make_engine(settings: Settings) -> Engine:
    """Return an engine that checks a connection before use and waits at most five seconds for one."""
    engine = create_engine(
        URL.create(
            "postgresql+psycopg",
            username=settings.user,
            host=settings.host,
            port=settings.port,
            database=settings.database,
        ),
        pool_size=10,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        # Errors are logged, and parameters are people's documents.
        hide_parameters=True,
        connect_args={
            "connect_timeout": 3,
            "application_name": "myrag",
            # A peer that vanished without a word is noticed in seconds, not after TCP's many minutes.
            "tcp_user_timeout": 20_000,
            "options": "-c statement_timeout=60s -c idle_in_transaction_session_timeout=120s",
        },
    )

    @event.listens_for(engine, "do_connect")
    def _password(_dialect: Any, _record: Any, _args: Any, parameters: dict[str, Any]) -> None:
        # Not in the URL, which error messages and logs may repeat; and a rotated one is used at once.
        parameters["password"] = read_secret(settings.password_file)

    return engine
