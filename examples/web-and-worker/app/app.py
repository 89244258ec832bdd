"""A web application and its worker. Both read their settings from variables only."""

import hmac
import json
import os
import signal
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import redis

uploads = Path("/srv/uploads")


def database():
    return psycopg.connect(os.environ["DATABASE_URL"])


def queue():
    return redis.Redis.from_url(os.environ["REDIS_URL"])


def signature(text: str) -> str:
    return hmac.new(os.environb[b"JWT_SECRET"], text.encode(), "sha256").hexdigest()


class Pages(BaseHTTPRequestHandler):
    def answer(self, status: int, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self) -> None:
        if self.path == "/ping":
            return self.answer(200, "pong")
        if self.path == "/admin/port":
            return self.answer(200, self.server.server_port)
        with database() as connection:
            rows = connection.execute("SELECT name, words, signature FROM documents ORDER BY name").fetchall()
        return self.answer(200, [{"name": row[0], "words": row[1], "signature": row[2]} for row in rows])

    def do_POST(self) -> None:
        name = uuid.uuid4().hex
        (uploads / name).write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
        queue().rpush("documents", name)
        self.answer(202, {"name": name, "signature": signature(name)})

    def log_message(self, *_: object) -> None:
        pass


def web() -> None:
    servers = [ThreadingHTTPServer(("", port), Pages) for port in (8000, 9000)]
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    stopped.wait()
    for server in servers:
        server.shutdown()


def worker() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        found = queue().blpop(["documents"], timeout=5)
        if found is None:
            continue
        name = found[1].decode()
        words = len((uploads / name).read_text().split())
        with database() as connection:
            connection.execute("INSERT INTO documents VALUES (%s, %s, %s)", [name, words, signature(name)])


def migrate() -> None:
    with database() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS documents (name text, words int, signature text)")


if __name__ == "__main__":
    {"web": web, "worker": worker, "migrate": migrate}[sys.argv[1]]()
