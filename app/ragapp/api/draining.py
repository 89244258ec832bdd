"""Uvicorn's servers, made to go on serving for a while after SIGTERM."""

import asyncio
import signal
import socket
import threading
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

# Seconds in which the connection that was accepted last has sent its request.
LAST_REQUESTS = 0.5


class DrainingServer(uvicorn.Server):
    """Serves on for some seconds after SIGTERM, for proxies that still know this address."""

    def __init__(self, config: uvicorn.Config, drain_seconds: float) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop at once on Ctrl-C, otherwise later; the exit code stays 0."""
        if sig == signal.SIGINT:
            super().handle_exit(sig, frame)
        else:
            threading.Timer(self._drain_seconds, self._stop).start()

    def _stop(self) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take what has come in before the door is closed: uvicorn drops connections without a request."""
        # Twice: in the first round the loop sees who waits at the door, in the second it lets them in.
        for _ in range(2):
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        await asyncio.sleep(LAST_REQUESTS)
        await super().shutdown(sockets)


class DrainingMultiprocess(Multiprocess):
    """The same for several processes: the parent holds SIGTERM back from its children."""

    def __init__(self, config: uvicorn.Config, sockets: list[object], drain_seconds: float) -> None:
        super().__init__(config, sockets)  # type: ignore[arg-type]
        self._drain_seconds = drain_seconds

    def terminate_all(self) -> None:
        """Stop the children after the drain."""
        time.sleep(self._drain_seconds)
        super().terminate_all()


def serve_one(
    app: FastAPI, host: str, port: int, *, drain_seconds: float = 2, shutdown_seconds: int = 20
) -> int:
    """Serve an application with one process until SIGTERM; return the exit code."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="asyncio",
        http="httptools",
        access_log=False,  # the metrics count requests
        log_config=None,
        timeout_graceful_shutdown=shutdown_seconds,
        # Longer than a gateway keeps its idle connections, so that it never writes into a closing one.
        timeout_keep_alive=75,
        proxy_headers=True,
        forwarded_allow_ips="*",
    )
    server = DrainingServer(config, drain_seconds)
    server.run()
    return 0 if server.started else 1
