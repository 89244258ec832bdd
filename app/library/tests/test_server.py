"""A server that stops answers the connections that it has accepted. Does not prove several
processes."""

import signal
import socket
import threading
import time

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from ragkit.api.server import DrainingServer, serve

DRAIN = 0.3


def test_a_connection_accepted_last_is_answered() -> None:
    app = FastAPI()
    app.add_api_route("/", lambda: "here", methods=["POST"])
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    server = DrainingServer(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None), DRAIN)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)

    server.handle_exit(signal.SIGTERM, None)
    with socket.create_connection(("127.0.0.1", port)) as last:
        # Acts like a slow proxy: connects before the stop and sends its request after it.
        time.sleep(DRAIN + 0.2)
        last.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        answer = last.makefile("rb").read()
    thread.join()
    assert answer.startswith(b"HTTP/1.1 200")


def test_nobody_can_name_another_client(monkeypatch: pytest.MonkeyPatch) -> None:
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
