"""A small OpenAI-compatible server on loopback that fails as a test needs it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Failure = tuple[int, dict[str, str], float]


@dataclass
class Provider:
    """The requests to the server, and its first failures: status, headers, delay."""

    url: str = ""
    failures: list[Failure] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    dimension: int = 4
    break_off: bool = False
    pieces: list[str] = field(default_factory=lambda: ["It is ", "two o'clock ", "[1]."])


@contextmanager
def provider() -> Iterator[Provider]:
    """Run the server for a test."""
    state = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.requests.append(body)
            state.keys.append(self.headers.get("Authorization", ""))
            if state.failures:
                status, headers, delay = state.failures.pop(0)
                time.sleep(delay)
                message = f"no, {self.headers.get('Authorization')}"
                self._send(status, json.dumps({"error": {"message": message}}).encode(), headers)
            elif self.path.endswith("/embeddings"):
                # In reverse, because the order is only in the index.
                data = [
                    {"index": index, "embedding": [float(len(text))] + [0.0] * (state.dimension - 1)}
                    for index, text in reversed(list(enumerate(body["input"])))
                ]
                self._send(200, json.dumps({"data": data, "usage": {"prompt_tokens": 7}}).encode(), {})
            else:
                self._stream()

        def _stream(self) -> None:
            events: list[dict[str, Any]] = [
                {"choices": [{"delta": {"content": piece}}]} for piece in state.pieces
            ]
            events.append({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 3}})
            # Not ASCII only: U+2028 is sent unescaped.
            lines = [f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events] + [
                "data: [DONE]\n\n"
            ]
            body = "".join(lines[:2] if state.break_off else lines).encode()
            length = len(body) + (100 if state.break_off else 0)
            self._send(200, body, {"Content-Type": "text/event-stream"}, length)

        def _send(self, status: int, body: bytes, headers: dict[str, str], length: int | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(length or len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
