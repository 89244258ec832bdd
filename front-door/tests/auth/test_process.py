"""The real program: two replicas and the commands, each in a separate process.

Does not test what happens in containers. tests/e2e tests that.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.auth.support import IDENTITY_KEY, PASSWORD, SETTINGS, TOKEN_FIELD

STARTS_IN = 30
# Serves on a free port: the program itself always serves on the port of the container.
SERVE = "import sys; from frontdoor.auth import main; main.PORT = int(sys.argv[1]); sys.exit(main.main([]))"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Stack:
    """The replicas of a stack, and its commands."""

    def __init__(self, folder: Path) -> None:
        (folder / "auth.json").write_text(json.dumps({**SETTINGS, "replicas": 2}))
        (folder / "key").write_text(IDENTITY_KEY)
        self._folder = folder
        self._environment = {
            **os.environ,
            "AUTH_SETTINGS_FILE": str(folder / "auth.json"),
            "AUTH_DATABASE": str(folder / "auth.sqlite3"),
            "IDENTITY_KEY_FILE": str(folder / "key"),
        }

    def run(self, *arguments: str, typed: str = "") -> str:
        """Run a command and return its output."""
        done = subprocess.run(  # noqa: S603 - the arguments are those of this file
            [sys.executable, "-m", "frontdoor", "auth", *arguments],
            env=self._environment,
            input=typed,
            text=True,
            capture_output=True,
            check=True,
            timeout=60,
        )
        return done.stdout

    @contextmanager
    def replica(self, name: str) -> Iterator[tuple[httpx2.Client, Path]]:
        """Serve during the block, and check that the program ends as it should."""
        port, output = free_port(), self._folder / f"{name}.log"
        with output.open("w") as file:
            process = subprocess.Popen(  # noqa: S603 - the arguments are those of this file
                [sys.executable, "-c", SERVE, str(port)], env=self._environment, stdout=file, stderr=file
            )
        try:
            client = httpx2.Client(base_url=f"http://127.0.0.1:{port}")
            deadline = time.monotonic() + STARTS_IN
            while not answers(client):
                assert process.poll() is None, output.read_text()
                assert time.monotonic() < deadline, output.read_text()
                time.sleep(0.1)
            yield client, output
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.wait()


def answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx2.TransportError:
        return False


def check(client: httpx2.Client, **headers: str) -> int:
    original = {"X-Original-Method": "GET", "X-Original-URI": "/"}
    return client.get("/check", headers={**original, **headers}).status_code


def sign_in(client: httpx2.Client) -> str:
    found = TOKEN_FIELD.search(client.get("/.ragdock/sign-in").text)
    assert found
    form = {"name": "anna", "password": PASSWORD, "token": found[1]}
    assert client.post("/.ragdock/sign-in", data=form).status_code == 303
    return f"ragdock={client.cookies['ragdock']}"


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path)


def test_two_replicas_and_commands_work_together(stack: Stack) -> None:
    with stack.replica("one") as (one, log_one), stack.replica("two") as (two, log_two):
        # They are added after the start, so a replica that had copied the users would not know them.
        stack.run("users", "add", "anna", "--role", "editor", typed=PASSWORD)
        token = stack.run("keys", "create", "--name", "ci", "--role", "reader").splitlines()[-1]
        cookie = sign_in(one)
        for client in (one, two):
            assert check(client, Authorization=f"Bearer {token}") == 200
            assert check(client, Cookie=cookie) == 200

        stack.run("keys", "revoke", "ci")
        stack.run("users", "password", "anna", typed=PASSWORD + "2")
        # At once, which is less than the five seconds that are promised.
        for client in (one, two):
            assert check(client, Authorization=f"Bearer {token}") == 401
            assert check(client, Cookie=cookie) == 401
    # The replicas write events in the background, the last ones at their end.
    log = stack.run("audit", "--json")
    printed = log_one.read_text() + log_two.read_text()
    audited = [line for line in printed.splitlines() if '"log": "audit"' in line]
    assert sorted(audited) == sorted(log.splitlines())
    assert len(audited) >= 5
    for secret in (PASSWORD, token, token.split("_")[2], cookie.removeprefix("ragdock="), IDENTITY_KEY):
        assert secret not in printed
        assert secret not in log
    for line in printed.splitlines():
        assert json.loads(line)
