"""The health check is correct, gives a reason, and is quick."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ragapp import probe


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/well" else 503)
            self.end_headers()
            self.wfile.write(b"the loop has not turned")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    monkeypatch.setitem(probe.TARGETS, "api", (server.server_port, "/well"))
    monkeypatch.setitem(probe.TARGETS, "worker", (server.server_port, "/ill"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()
    server.server_close()


def test_a_healthy_service_returns_0(answering: None) -> None:
    assert probe.probe("api") == 0


def test_an_unhealthy_service_returns_1_with_the_reason(
    answering: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert probe.probe("worker") == 1
    assert "the loop has not turned" in capsys.readouterr().err


def test_a_service_that_does_not_listen_returns_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(probe.TARGETS, "api", (9, "/"))
    assert probe.probe("api") == 1
    assert "does not answer on port 9" in capsys.readouterr().err


def test_it_imports_no_large_package() -> None:
    code = "import sys; import ragapp.probe; print(','.join(sys.modules))"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout  # noqa: S603
    assert not {"ssl", "http.client", "pydantic", "fastapi", "email"} & set(modules.split(","))


def test_it_ends_quickly() -> None:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "ragapp", "probe", "ui"], capture_output=True, check=False)
    assert time.perf_counter() - started < 1
