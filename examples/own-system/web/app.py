"""Counts questions in Redis: POST / accepts a question. GET / returns how often each question was
asked.
"""

import json
import os
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def redis(*commands: tuple[str, ...]) -> bytes:
    """Sends commands in Redis' own protocol, so that the image needs no packages."""
    password = Path(os.environ["REDIS_PASSWORD_FILE"]).read_text().strip()
    everything = [("AUTH", os.environ["REDIS_USER"], password), *commands, ("QUIT",)]
    lines: list[str] = []
    for words in everything:
        lines.append(f"*{len(words)}")
        for word in words:
            lines += [f"${len(word.encode())}", word]
    with socket.create_connection((os.environ["REDIS_HOST"], 6379), timeout=5) as connection:
        connection.sendall("\r\n".join([*lines, ""]).encode())
        answer = b""
        while block := connection.recv(65536):
            answer += block
    if b"-" in {line[:1] for line in answer.split(b"\r\n")}:
        raise OSError(answer.decode())
    return answer


def counts() -> dict[str, int]:
    """In the answer to HGETALL, the length of each text comes before it, in a line that starts with
    $.
    """
    lines = redis(("HGETALL", "questions")).decode().split("\r\n")
    texts = [line for line in lines if line and line[0] not in "*$+"]
    return {text: int(count) for text, count in zip(texts[::2], texts[1::2], strict=True)}


class Handler(BaseHTTPRequestHandler):
    """Answers in JSON."""

    def do_GET(self) -> None:
        if self.path == "/health":
            return self.answer(200, {"status": "up"})
        return self.answer(200, {"greeting": os.environ["GREETING"], "questions": counts()})

    def do_POST(self) -> None:
        question = self.rfile.read(int(self.headers["Content-Length"])).decode()
        redis(("HINCRBY", "questions", question, "1"))
        self.answer(201, {"asked": question})

    def answer(self, status: int, body: object) -> None:
        """Sends a body with its length, so that the gateway keeps the connection."""
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
