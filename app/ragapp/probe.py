"""The container health check: standard library only, because it starts a process every few seconds."""

import socket
import sys

TARGETS = {
    "api": (8000, "/api/health"),
    "worker": (8001, "/health"),
    "ui": (8501, "/_stcore/health"),
}
TIMEOUT_SECONDS = 3.0


def probe(service: str) -> int:
    """Return 0 when the service answers 200 on loopback, else print why and return 1."""
    if service not in TARGETS:
        sys.stderr.write(f"unknown service {service!r}: one of {', '.join(TARGETS)}\n")
        return 2
    return ask(service, *TARGETS[service])


def ask(service: str, port: int, path: str) -> int:
    """Return 0 when the port on loopback answers 200, else print why in the service's name and return 1."""
    # A raw socket instead of http.client: importing that (with ssl and email) takes longer than asking.
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
            connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            answer = b""
            while block := connection.recv(4096):
                answer += block
    except OSError as error:
        sys.stderr.write(f"{service} does not answer on port {port}: {error}\n")
        return 1
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1:2]
    if status == [b"200"]:
        return 0
    words = body.decode(errors="replace").strip() or head.decode(errors="replace")
    sys.stderr.write(f"{service} says it is not healthy: {words}\n")
    return 1
