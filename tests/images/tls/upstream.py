"""Stands in for API and UI: echoes a WebSocket, streams an answer, or tells what it got."""

import base64
import hashlib
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: N802
        if self.headers.get("Upgrade") == "websocket":
            self._echo()
        elif self.path.endswith("/stream"):
            self._stream()
        else:
            self._tell(0)

    def do_POST(self) -> None:  # noqa: N802
        length = 0
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                length += len(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
        else:
            length = len(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        self._tell(length)

    def _tell(self, length: int) -> None:
        proto, host = (self.headers.get(name) for name in ("X-Forwarded-Proto", "Host"))
        port = self.server.server_address[1]
        told = {"proto": proto, "host": host, "length": length, "path": self.path, "port": port}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for word in ("one", "two", "three"):
            self.wfile.write(f"{len(word):x}\r\n{word}\r\n".encode())
            time.sleep(1)
        self.wfile.write(b"0\r\n\r\n")

    def _echo(self) -> None:
        digest = hashlib.sha1((self.headers["Sec-WebSocket-Key"] + MAGIC).encode()).digest()  # noqa: S324
        self.send_response(101)
        for name, value in (
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", base64.b64encode(digest).decode()),
        ):
            self.send_header(name, value)
        self.end_headers()
        while block := self.connection.recv(1024):
            self.wfile.write(block)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Write no log."""


for port in (8000, 8501):
    server = ThreadingHTTPServer(("", port), Handler)
    Thread(target=server.serve_forever).start()
