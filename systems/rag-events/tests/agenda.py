"""A small stand-in for the API of Open Agenda on loopback, which fails as a test needs it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "a-read-key"
AGENDA = "12345678"


@dataclass
class Agenda:
    """The events, the requests to the server, and its first failures: status and headers."""

    url: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    failures: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    queries: list[dict[str, list[str]]] = field(default_factory=list)
    page: int = 2


@contextmanager
def agenda() -> Iterator[Agenda]:
    """Run the server for a test."""
    state = Agenda()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            target = urlsplit(self.path)
            query = parse_qs(target.query)
            state.queries.append(query)
            if state.failures:
                self._send(*state.failures.pop(0), {"message": "no"})
            elif self.headers.get("key") != KEY:
                self._send(403, {}, {"message": "no"})
            elif target.path != f"/v2/agendas/{AGENDA}/events":
                self._send(404, {}, {"message": "no"})
            else:
                self._send(200, {}, self._page(query))

        def _page(self, query: dict[str, list[str]]) -> dict[str, Any]:
            start = int(query["after[]"][-1]) if "after[]" in query else 0
            events = state.events[start : start + state.page]
            # As with the service, the last page has a cursor, too, and the page after it is empty.
            after = [start, start + state.page] if events else None
            return {"total": len(state.events), "events": events, "after": after, "success": True}

        def _send(self, status: int, headers: dict[str, str], body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the name of the base class
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
