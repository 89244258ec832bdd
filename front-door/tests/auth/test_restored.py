"""A restore of a backup. It does not prove how the files are exchanged: tests/slow does that."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from frontdoor.auth.database import Database
from frontdoor.auth.passwords import hashed
from frontdoor.auth.people import People
from frontdoor.auth.restored import REPLACED, keep_ended
from tests.auth.support import PASSWORD, Gateway, gateway_of, settings

OTHER = "another horse and battery"


class Stack:
    """A stack whose sign-in can be backed up and restored."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "auth.sqlite3"
        self.backup = folder / "backup.sqlite3"
        self.gateway = gateway_of(self.path, settings())

    @property
    def people(self) -> People:
        """The users."""
        return People(self.gateway.service.database, "test")

    def back_up(self) -> None:
        """Copy the database while it is in use."""
        with closing(sqlite3.connect(self.path)) as live, closing(sqlite3.connect(self.backup)) as copy:
            live.backup(copy)

    def restore(self) -> Gateway:
        """Exchange the databases as `./ragdock restore` does, and start again."""
        self.gateway.service.audit.flush()
        self.gateway.service.database.close()
        replaced = self.path.parent / REPLACED
        replaced.mkdir()
        self.path.rename(replaced / self.path.name)
        shutil.copy(self.backup, self.path)
        database = Database(self.path)
        keep_ended(database, self.path)
        keep_ended(database, self.path)
        database.close()
        self.gateway = gateway_of(self.path, settings())
        return self.gateway


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return a stack with people."""
    stack = Stack(tmp_path)
    for name in ("anna", "bert", "cleo"):
        stack.gateway.add_user(name, "admin")
    return stack


def test_a_restore_does_not_give_access_back(stack: Stack) -> None:
    key = stack.gateway.add_key("ci", "admin")
    kept = stack.gateway.add_key("kept", "admin")
    for name in ("anna", "bert", "cleo"):
        stack.gateway.sign_in(name)
    cookies = {"cleo": stack.gateway.client.cookies["ragdock"]}
    stack.back_up()
    stack.gateway.service.keys.revoke("ci", "test")
    stack.people.remove("anna")
    stack.people.set_password("bert", hashed(OTHER))
    stack.people.set_role("cleo", "reader")
    gateway = stack.restore()
    assert gateway.check(authorization=f"Bearer {key}").status_code == 401
    assert gateway.check(authorization=f"Bearer {kept}").status_code == 200
    assert gateway.check(cookie=f"ragdock={cookies['cleo']}").headers["x-ragdock-role"] == "reader"
    assert len(gateway.service.database.read("SELECT 1 FROM sessions")) == 1
    assert gateway.sign_in("anna").status_code == 403
    assert gateway.sign_in("bert", PASSWORD).status_code == 403
    assert gateway.sign_in("bert", OTHER).status_code == 303


def test_someone_who_was_added_again_keeps_the_new_rights(stack: Stack) -> None:
    stack.back_up()
    stack.people.remove("anna")
    stack.people.add("anna", "reader", "", hashed(OTHER))
    gateway = stack.restore()
    assert gateway.sign_in("anna", PASSWORD).status_code == 403
    assert gateway.sign_in("anna", OTHER).status_code == 303
    assert gateway.check().headers["x-ragdock-role"] == "reader"


def test_the_audit_log_keeps_its_lines(stack: Stack) -> None:
    stack.back_up()
    stack.people.remove("anna")
    lines = [(row["action"], row["object"]) for row in stack.restore().audited()]
    assert lines[:4] == [
        *(("user-add", f"{name} as admin") for name in ("anna", "bert", "cleo")),
        ("user-remove", "anna"),
    ]
    assert [action for action, _ in lines[4:]] == ["restore"]


def test_a_restore_after_a_loss_restores_all_access(stack: Stack) -> None:
    key = stack.gateway.add_key("ci", "admin")
    stack.back_up()
    stack.gateway.service.database.close()
    for file in stack.path.parent.glob("auth.sqlite3*"):
        file.unlink()
    stack.gateway = gateway_of(stack.path, settings())
    gateway = stack.restore()
    assert gateway.sign_in("anna").status_code == 303
    assert gateway.check(authorization=f"Bearer {key}").status_code == 200
