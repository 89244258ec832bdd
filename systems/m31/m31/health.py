"""The container health check: standard library only, because it starts a process every few seconds."""

import json
import os
import socket
import sys

TIMEOUT_SECONDS = 3.0


def check() -> int:
    """Return 0 when the service answers 200 on loopback, else print why and return 1."""
    port = int(os.environ.get("PORT") or 8000)
    # A raw socket instead of http.client: importing that (with ssl and email) takes longer than asking.
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
            connection.sendall(b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n")
            answer = b""
            while block := connection.recv(4096):
                answer += block
    except OSError as error:
        sys.stderr.write(f"nothing answers on port {port}: {error}\n")
        return 1
    head, _, body = answer.partition(b"\r\n\r\n")
    if head.split(b" ", 2)[1:2] != [b"200"]:
        sys.stderr.write(f"not healthy: {(body or head).decode(errors='replace').strip()}\n")
        return 1
    # A cache that is down makes nothing unhealthy, but is worth reading in `docker inspect`.
    sys.stdout.write(f"redis: {json.loads(body).get('redis', 'unknown')}\n")
    return 0
