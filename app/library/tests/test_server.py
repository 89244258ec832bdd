"""A server that stops answers the connections that it has accepted. Does not prove several
processes."""

import signal
import socket
import threading
import time

import uvicorn
from fastapi import FastAPI

from ragkit.api.server import DrainingServer

DRAIN = 0.3


def test_a_connection_accepted_last_is_answered() -> None:
    app = FastAPI()
    app.add_api_route("/", lambda: "here", methods=["POST"])
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    server = DrainingServer(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None), DRAIN)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)

    server.handle_exit(signal.SIGTERM, None)
    with socket.create_connection(("127.0.0.1", port)) as last:
        # Acts like a slow proxy: connects before the stop and sends its request after it.
        time.sleep(DRAIN + 0.2)
        last.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        answer = last.makefile("rb").read()
    thread.join()
    assert answer.startswith(b"HTTP/1.1 200")
