"""Uvicorn servers that keep serving for some seconds after SIGTERM. Extra: api."""

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

# Seconds that a client has to send its request on the connection that was accepted last.
LAST_REQUESTS = 0.5


class DrainingServer(uvicorn.Server):
    """Serves for some seconds after SIGTERM, for proxies that still know this address."""

    def __init__(self, config: uvicorn.Config, drain_seconds: float) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop at once on Ctrl-C, otherwise after the drain. The exit code stays 0."""
        if sig == signal.SIGINT:
            super().handle_exit(sig, frame)
        else:
            threading.Timer(self._drain_seconds, self._stop).start()

    def _stop(self) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer the connections that are already accepted. Uvicorn drops those without a
        request."""
        # Two rounds of the event loop: the first notices waiting connections, the second accepts
        # them.
        for _ in range(2):
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        await asyncio.sleep(LAST_REQUESTS)
        await super().shutdown(sockets)


class DrainingMultiprocess(Multiprocess):
    """Does the same for several processes: the parent passes SIGTERM to its children after the
    drain."""

    def __init__(self, config: uvicorn.Config, sockets: list[object], drain_seconds: float) -> None:
        super().__init__(config, sockets)  # type: ignore[arg-type]
        self._drain_seconds = drain_seconds

    def terminate_all(self) -> None:
        """Stop the children after the drain."""
        time.sleep(self._drain_seconds)
        super().terminate_all()


def serve(
    app: Callable[..., Any] | str,
    port: int,
    *,
    host: str = "0.0.0.0",  # noqa: S104 - the networks of the container decide who reaches it  # nosec B104
    workers: int = 1,
    drain_seconds: float = 2,
    shutdown_seconds: int = 20,
) -> int:
    """Serve an application until SIGTERM and return the exit code.

    An application given by name, `module:function`, is created in each of the worker processes.
    """
    config = uvicorn.Config(
        app,
        factory=isinstance(app, str),
        host=host,
        port=port,
        workers=workers,
        loop="asyncio",
        http="httptools",
        access_log=False,  # the metrics count requests
        log_config=None,
        timeout_graceful_shutdown=shutdown_seconds,
        # Longer than a gateway keeps idle connections. The gateway then never writes into a closing
        # one.
        timeout_keep_alive=75,
        # Any container on the same networks can send X-Forwarded-For. Nothing here needs the
        # client's address or the scheme: the gateway writes the access log.
        proxy_headers=False,
    )
    if workers > 1:
        DrainingMultiprocess(config, [config.bind_socket()], drain_seconds).run()
        return 0
    server = DrainingServer(config, drain_seconds)
    server.run()
    return 0 if server.started else 1
