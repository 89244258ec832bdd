"""The order of the queue, and pgmq, in a real PostgreSQL from RAG_TEST_DATABASE_URL."""

import importlib.metadata
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from mnemolite import memories, setup, work_queue

SCHEMA = Path(__file__).parent.parent / "db" / "init" / "02-schema.sql"


@pytest.fixture
def connection() -> Iterator[Connection]:
    """Return a connection to the tables in a schema that nothing else uses. Nothing is kept."""
    if not (url := os.environ.get("RAG_TEST_DATABASE_URL")):
        pytest.skip("needs RAG_TEST_DATABASE_URL, for example postgresql://rag:pw@127.0.0.1:5432/rag")
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as opened:
        schema = f"mnemolite_{uuid.uuid4().hex[:8]}"
        opened.execute(text(f"CREATE SCHEMA {schema}"))
        opened.execute(text(f"SET LOCAL search_path = {schema}"))
        opened.exec_driver_sql(SCHEMA.read_text())
        opened.execute(text("CREATE TABLE events_of_today PARTITION OF events DEFAULT"))
        yield opened
        opened.rollback()
    engine.dispose()


def add(connection: Connection, size: int, due_seconds_ago: int) -> uuid.UUID:
    memory_id = memories.add(connection, "a.txt", "text/plain", b"x" * size)
    due = text("UPDATE queue SET due_at = now() - make_interval(secs => :ago) WHERE memory_id = :id")
    connection.execute(due, {"ago": due_seconds_ago, "id": memory_id})
    return memory_id


def test_a_small_memory_does_not_wait_for_large_ones(connection: Connection) -> None:
    large = [add(connection, 20_000_000, 120 - number) for number in range(2)]
    small = add(connection, 100, 1)
    taken = [work_queue.take(connection, 60, 300) for _ in range(4)]
    assert [claim and claim.memory_id for claim in taken] == [small, *large, None]


def test_a_large_memory_is_taken_before_newer_small_ones(connection: Connection) -> None:
    large = add(connection, 100_000, 200)
    add(connection, 100, 1)
    first = work_queue.take(connection, 60, 300)
    assert first is not None
    assert first.memory_id == large


def test_the_functions_of_pgmq_are_created_once(connection: Connection) -> None:
    file = importlib.metadata.distribution("pgmq").locate_file("pgmq/sql/pgmq.sql")
    for _ in range(2):
        setup.install_pgmq(connection, Path(str(file)))
    connection.execute(text("SELECT pgmq.create('work')"))
    connection.execute(text("""SELECT pgmq.send('work', '{"memory": 1}')"""))
    read = text("SELECT msg_id, message FROM pgmq.read('work', 30, 1)")
    message = connection.execute(read).one()
    assert message.message == {"memory": 1}
    # Nobody else gets it while its reader has time.
    assert connection.execute(read).all() == []
    assert connection.scalar(text("SELECT pgmq.archive('work', cast(:id AS bigint))"), {"id": message.msg_id})
