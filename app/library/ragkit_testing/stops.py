"""Stops a server that has clients, and counts what they saw."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
CLIENTS = 8
# The most seconds from the start of a connection to its request, if a proxy sends it.
PROMPT = 0.2
# Seconds for the imports of a server on a busy machine.
START = 60
# Seconds with traffic before the stop.
TRAFFIC = 0.5


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _ask(port: int) -> str:
    """Return the status of one request, or its error."""
    begun = time.monotonic()
    sent = float("inf")
    try:
        connection = socket.create_connection(("127.0.0.1", port), 10)
    except ConnectionRefusedError:
        return "refused"
    try:
        with connection:
            connection.sendall(REQUEST)
            sent = time.monotonic() - begun
            answer = connection.makefile("rb").read()
            if answer:
                return answer[9:12].decode()
            failure = "no answer"
    except OSError as error:
        failure = type(error).__name__
    # A server that stops waits for half a second. This process can be slower on a busy machine.
    return failure if sent < PROMPT else "slow"


def lost(outcomes: Counter[str]) -> int:
    """Return the number of requests that a proxy cannot send again."""
    return outcomes.total() - outcomes["200"] - outcomes["refused"] - outcomes["slow"]


def outcomes_of_a_stop(command: Sequence[str], port: int, folder: Path) -> Counter[str]:
    """Start a server, stop it with SIGTERM while clients send requests, and count how these end.

    Args:
        command: the server, which listens on `port` of 127.0.0.1 and answers `POST /`
        folder: the folder in which the server starts

    Returns:
        For each status, `refused` (a proxy sends such a request to another server), `slow` (a failure
        of a request that this process sent late) and each other failure: the number of requests.
    """
    outcomes: Counter[str] = Counter()
    ended = threading.Event()

    def client() -> None:
        while not ended.is_set():
            outcome = _ask(port)
            outcomes[outcome] += 1
            time.sleep(0.01)

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, cwd=folder, env=environment) as server:  # noqa: S603 - the tests name the command
        try:
            deadline = time.monotonic() + START
            while _ask(port) != "200":
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the server did not start: {command}")
                time.sleep(0.05)
            clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
            for thread in clients:
                thread.start()
            time.sleep(TRAFFIC)
            server.send_signal(signal.SIGTERM)
            server.wait(30)
            # Clients notice the end of the last connections.
            time.sleep(0.1)
            ended.set()
            for thread in clients:
                thread.join()
        finally:
            ended.set()
            with contextlib.suppress(ProcessLookupError):
                server.kill()
    return outcomes
