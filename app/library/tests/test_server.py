"""A server that stops still answers the connections that are waiting. Does not test long requests."""

import asyncio
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from ragkit.api import server as ragkit_server
from ragkit.api.server import ROUNDS, DrainingServer, serve
from ragkit_testing.stops import REQUEST, free_port, lost, outcomes_of_a_stop

DRAIN = 0.3


def started(port: int) -> tuple[DrainingServer, threading.Thread]:
    """Start a server that answers `POST /`, and wait until it listens."""
    app = FastAPI()
    app.add_api_route("/", lambda: "here", methods=["POST"])
    server = DrainingServer(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None), DRAIN)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    return server, thread


def test_a_connection_that_was_accepted_last_is_answered() -> None:
    port = free_port()
    server, thread = started(port)

    server.handle_exit(signal.SIGTERM, None)
    with socket.create_connection(("127.0.0.1", port)) as last:
        # Acts like a slow proxy: connects before the stop and sends its request after it.
        time.sleep(DRAIN + 0.2)
        last.sendall(REQUEST)
        answer = last.makefile("rb").read()
    thread.join()
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("rounds_before", range(ROUNDS + 1))
def test_a_handshake_that_ends_just_before_the_close_is_answered(
    rounds_before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    late: list[socket.socket] = []

    async def rounds_with_a_connection() -> None:
        for done in range(ROUNDS + 1):
            if done == rounds_before and not late:
                late.append(socket.create_connection(("127.0.0.1", port)))
            if done < ROUNDS:
                await asyncio.sleep(0)

    # Without the filter, the kernel accepts this connection as one whose handshake began earlier.
    monkeypatch.setattr(ragkit_server, "refuse_connections", lambda _: None)
    monkeypatch.setattr(ragkit_server, "pass_rounds", rounds_with_a_connection)
    server, thread = started(port)
    server.handle_exit(signal.SIGTERM, None)
    while not late:
        time.sleep(0.01)
    with late[0] as connection:
        connection.sendall(REQUEST)
        answer = connection.makefile("rb").read()
    thread.join()
    assert answer.startswith(b"HTTP/1.1 200")


PROGRAM = """
import sys
from fastapi import FastAPI
from ragkit.api.server import serve

def create():
    app = FastAPI()
    app.add_api_route("/", lambda: "here", methods=["POST"])
    return app

if __name__ == "__main__":
    sys.exit(serve("program:create", int(sys.argv[1]), workers=int(sys.argv[2]), drain_seconds=0.2))
"""


@pytest.mark.parametrize("processes", [1, 2])
def test_no_request_is_lost_at_a_stop(tmp_path: Path, processes: int) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    for _ in range(2):
        port = free_port()
        command = [sys.executable, "program.py", str(port), str(processes)]
        outcomes = outcomes_of_a_stop(command, port, tmp_path)
        assert outcomes["200"] > 0
        assert lost(outcomes) == 0, outcomes


def test_no_client_can_send_another_client_address(monkeypatch: pytest.MonkeyPatch) -> None:
    configs: list[uvicorn.Config] = []
    monkeypatch.setattr(DrainingServer, "run", lambda self: configs.append(self.config))
    app = FastAPI()

    @app.get("/")
    def client(request: Request) -> str:
        return f"{request.url.scheme} {request.client.host if request.client else ''}"

    serve(app, 8000)
    configs[0].load()
    forged = {"X-Forwarded-For": "9.9.9.9", "X-Real-IP": "9.9.9.9", "X-Forwarded-Proto": "https"}
    answer = TestClient(configs[0].loaded_app, client=("172.18.0.5", 1)).get("/", headers=forged)
    assert answer.json() == "http 172.18.0.5"
