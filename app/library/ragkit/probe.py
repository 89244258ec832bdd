"""The container health check. Standard library only, because it starts a process every few
seconds."""

import socket
import sys

TIMEOUT_SECONDS = 3.0


def ask(service: str, port: int, path: str) -> int:
    """Return 0 when the port on loopback answers 200. Otherwise print the reason and return 1."""
    return 1 if body_of(service, port, path) is None else 0


def body_of(service: str, port: int, path: str) -> str | None:
    """Return the body of a 200 from the port on loopback. Otherwise print the reason and return
    None."""
    # A raw socket: the import of http.client (with ssl and email) takes longer than the request.
    try:
        with socket.socket() as connection:
            # Not create_connection, which imports the codec of international host names.
            connection.settimeout(TIMEOUT_SECONDS)
            connection.connect(("127.0.0.1", port))
            connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            answer = b""
            while block := connection.recv(4096):
                answer += block
    except OSError as error:
        sys.stderr.write(f"{service} does not answer on port {port}: {error}\n")
        return None
    head, _, body = answer.partition(b"\r\n\r\n")
    if head.split(b" ", 2)[1:2] == [b"200"]:
        return body.decode(errors="replace")
    reason = body.decode(errors="replace").strip() or head.decode(errors="replace")
    sys.stderr.write(f"{service} reports that it is not healthy: {reason}\n")
    return None
