"""One database, several processes and revisions. Does not prove what a disk does after a power
failure, nor file systems that containers of several hosts share."""

import multiprocessing
import sqlite3
import threading
import time
from contextlib import suppress
from multiprocessing.queues import Queue
from pathlib import Path

import pytest

from frontdoor.auth.api_keys import Keys
from frontdoor.auth.audit import Audit, Event
from frontdoor.auth.database import SCHEMA, Database
from frontdoor.auth.people import People
from frontdoor.auth.roles import Role
from tests.auth.support import Gateway, gateway_of, settings

ROUNDS = 60


def write_much(path: Path, name: str, errors: "Queue[str]") -> None:
    """Do what a replica and a command do, all at once."""
    try:
        database = Database(path)
        people, keys, log = People(database, name), Keys(database), Audit(database)
        for number in range(ROUNDS):
            role: Role = "editor" if number % 2 else "reader"
            people.add(f"{name}-{number}", role, "", "hash")
            token = keys.create(f"{name}-{number}", role, None, name)
            assert keys.check(token)[1] is None
            keys.flush()
            log.add(Event(name, "request", str(number), "allowed"))
            log.flush()
            if number % 3 == 0:
                people.remove(f"{name}-{number}")
                keys.revoke(f"{name}-{number}", name)
        database.close()
    except Exception as error:
        errors.put(f"{name}: {type(error).__name__}: {error}")


def test_processes_share_a_database(tmp_path: Path) -> None:
    path = tmp_path / "auth.sqlite3"
    context = multiprocessing.get_context("spawn")
    errors: Queue[str] = context.Queue()
    processes = [
        context.Process(target=write_much, args=(path, f"process{number}", errors)) for number in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    assert errors.empty(), errors.get()
    database = Database(path)
    assert database.read("PRAGMA integrity_check")[0][0] == "ok"
    removed = ROUNDS // 3
    assert len(People(database, "").all()) == 3 * (ROUNDS - removed)
    assert len(Keys(database).all()) == 3 * (ROUNDS - removed)
    assert database.read("SELECT count(*) FROM audit")[0][0] == 3 * (3 * ROUNDS + 2 * removed)
    assert database.read("SELECT count(*) FROM audit WHERE printed = 0")[0][0] <= 3 * 2


def test_replicas_know_the_same_users(gateway: Gateway, tmp_path: Path) -> None:
    other = gateway_of(tmp_path / "auth.sqlite3", settings())
    gateway.add_user("anna")
    gateway.sign_in("anna")
    cookie = f"ragdock={gateway.client.cookies['ragdock']}"
    assert other.check(cookie=cookie).status_code == 200
    gateway.sign_out()
    assert other.check(cookie=cookie).status_code == 401


def test_a_revision_works_with_the_schema_of_a_newer_one(tmp_path: Path) -> None:
    path = tmp_path / "auth.sqlite3"
    older = gateway_of(path, settings())
    older.add_user("anna")
    newer = sqlite3.connect(path)
    for table in ("users", "sessions", "keys", "audit"):
        newer.execute(f"ALTER TABLE {table} ADD COLUMN more TEXT NOT NULL DEFAULT 'x'")
    newer.execute(f"PRAGMA user_version = {len(SCHEMA) + 5}")
    newer.commit()
    newer.close()
    for gateway in (older, gateway_of(path, settings())):
        key = gateway.add_key(f"key{id(gateway)}")
        assert gateway.check(authorization=f"Bearer {key}").status_code == 200
        assert gateway.sign_in("anna").status_code == 303
        assert gateway.check().status_code == 200
        gateway.audited()
    version = older.service.database.read("PRAGMA user_version")[0][0]
    assert version == len(SCHEMA) + 5


def test_a_transaction_that_fails_changes_nothing(gateway: Gateway) -> None:
    database = gateway.service.database
    with pytest.raises(RuntimeError), database.write() as connection:
        connection.execute("DELETE FROM audit")
        connection.execute("INSERT INTO used_states VALUES ('x', 1)")
        raise RuntimeError
    assert database.read("SELECT * FROM used_states") == []
    with database.write() as connection:
        connection.execute("INSERT INTO used_states VALUES ('x', 1)")
    assert len(database.read("SELECT * FROM used_states")) == 1


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "auth.sqlite3"
    path.write_text("not a database, but long enough to look like one" * 100)
    with pytest.raises(ValueError, match=r"auth\.sqlite3: cannot be used as the database"):
        Database(path)


def test_what_survives_a_failure_is_configured(gateway: Gateway) -> None:
    read = gateway.service.database.read
    assert read("PRAGMA journal_mode")[0][0] == "wal"
    assert read("PRAGMA synchronous")[0][0] == 2
    assert read("PRAGMA foreign_keys")[0][0] == 1
    assert read("PRAGMA busy_timeout")[0][0] == 5000


def close_while_others_read(path: Path) -> None:
    for _ in range(40):
        database = Database(path)

        def read(database: Database = database) -> None:
            with suppress(sqlite3.ProgrammingError):
                while True:
                    database.first("SELECT 1 FROM audit WHERE printed = 0 LIMIT 1")

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.01)
        database.close()
        for thread in threads:
            thread.join()


def test_a_thread_that_reads_while_the_database_closes_ends_no_process(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=close_while_others_read, args=(tmp_path / "auth.db",)
    )
    process.start()
    process.join(60)
    assert process.exitcode == 0
