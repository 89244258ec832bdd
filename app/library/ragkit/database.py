"""The connection to PostgreSQL. It survives a restart of the server and a new password. Extra:
database."""

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from ragkit.secret_files import read_secret

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Address:
    """The address of a database, and the user that connects to it."""

    host: str
    port: int
    database: str
    user: str
    password_file: Path


def make_engine(
    address: Address,
    application: str,
    *,
    pool_size: int = 5,
    statement_timeout: str = "60s",
    tcp_user_timeout_ms: int = 20_000,
) -> Engine:
    """Return an engine whose pool checks a connection before use and waits at most five seconds for
    one."""
    engine = create_engine(
        URL.create(
            "postgresql+psycopg",
            username=address.user,
            host=address.host,
            port=address.port,
            database=address.database,
        ),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        # Errors are logged, and the parameters contain the documents of users.
        hide_parameters=True,
        connect_args={
            "connect_timeout": 3,
            "application_name": application,
            # These options detect a lost peer in seconds. With TCP's defaults that takes minutes.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": tcp_user_timeout_ms,
            "options": f"-c statement_timeout={statement_timeout} "
            "-c idle_in_transaction_session_timeout=120s",
        },
    )

    @event.listens_for(engine, "do_connect")
    def _password(_dialect: Any, _record: Any, _args: Any, parameters: dict[str, Any]) -> None:
        # The password is read for every connection, so a rotation needs no restart. The URL does
        # not hold the password, because error messages and logs may repeat the URL.
        parameters["password"] = read_secret(address.password_file)

    return engine


def connect_when_up(engine: Engine, seconds: float) -> Connection:
    """Return a connection. Waits up to `seconds` for a database that is still starting.

    Raises OperationalError when the time is over.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return engine.connect()
        except OperationalError as error:
            if time.monotonic() > deadline:
                raise
            log.info("waiting for the database: %s", str(error.orig).strip().splitlines()[-1])
            time.sleep(1)


def disposing(engine: Engine) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """Return the lifespan of an application that closes the engine's connections at its end."""

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        yield
        engine.dispose()

    return lifespan
