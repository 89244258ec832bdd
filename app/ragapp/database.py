"""The connection to PostgreSQL, made to survive its restarts and a rotated password."""

from typing import Any

from sqlalchemy import URL, Engine, create_engine, event

from ragapp.secret_files import read_secret
from ragapp.settings import Settings


def make_engine(settings: Settings) -> Engine:
    """Return an engine whose pool checks a connection before use and waits at most five seconds for one."""
    engine = create_engine(
        URL.create(
            "postgresql+psycopg",
            username=settings.database_user,
            host=settings.database_host,
            port=settings.database_port,
            database=settings.database_name,
        ),
        pool_size=settings.database_pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 3,
            "application_name": "ragapp",
            # A peer that vanished without a word is noticed in seconds, not after TCP's many minutes.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
            "options": "-c statement_timeout=60s -c idle_in_transaction_session_timeout=120s",
        },
    )

    @event.listens_for(engine, "do_connect")
    def _password(_dialect: Any, _record: Any, _args: Any, parameters: dict[str, Any]) -> None:
        # Read for every connection: a password rotated in its file is used without a restart.
        parameters["password"] = read_secret(settings.database_password_file)

    return engine
