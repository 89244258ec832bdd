"""Uvicorn servers that keep serving for some seconds after SIGTERM. Extra: api."""

import asyncio
import contextlib
import ctypes
import signal
import socket
import struct
import threading
import time
from asyncio.trsock import TransportSocket
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.supervisors import multiprocess

# Seconds in which a handshake that has begun ends. With 0.1, a busy machine lost one request in many
# stops.
LAST_CONNECTIONS = 0.25
# Rounds of the event loop from an accepted connection to its request.
ROUNDS = 5
# Seconds that a client has to send its request on the connection that was accepted last.
LAST_REQUESTS = 0.5


# Linux's number, which Python does not name.
SO_ATTACH_FILTER = 26
# A program of the classic Berkeley Packet Filter: drops segments that open a connection.
DROP_SYN = struct.pack(
    "HBBI" * 4,
    *(0x30, 0, 0, 13),  # load the byte of the flags
    *(0x45, 0, 1, 0x02),  # without SYN, skip one instruction
    *(0x06, 0, 0, 0),  # drop
    *(0x06, 0, 0, 0xFFFFFFFF),  # keep
)


def refuse_connections(listener: socket.socket | TransportSocket) -> None:
    """Stop new connections to a socket. Connections that wait to be accepted stay.

    When a socket closes, the kernel resets the connections that wait. On a busy machine, some
    connections arrive between the last accept and the close. A client whose connection is dropped
    here tries again after a second, or at another server. Only Linux supports this. On other
    systems, the function does nothing.
    """
    program = ctypes.create_string_buffer(DROP_SYN)
    instructions = len(DROP_SYN) // struct.calcsize("HBBI")
    with contextlib.suppress(OSError):
        listener.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", instructions, ctypes.addressof(program))
        )


def waiting(listener: socket.socket | TransportSocket) -> Iterator[socket.socket]:
    """Accept the connections that wait at a socket of the event loop."""
    with listener.dup() as own, contextlib.suppress(BlockingIOError):
        while True:
            yield own.accept()[0]


async def pass_rounds() -> None:
    """Give the event loop time to read the request of an accepted connection."""
    for _ in range(ROUNDS):
        await asyncio.sleep(0)


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

    def _protocol(self) -> asyncio.Protocol:
        """Create what Uvicorn creates for each connection."""
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer the connections that are already waiting. Uvicorn drops those that it has not accepted, and
        those without a request."""
        loop = asyncio.get_running_loop()
        listeners = [listener for server in self.servers for listener in server.sockets]
        for listener in listeners:
            refuse_connections(listener)
        await asyncio.sleep(LAST_CONNECTIONS)
        # A connection that the event loop has accepted needs an open server until its transport exists.
        # The event loop therefore accepts no more before the close, and the last ones are accepted here.
        for listener in listeners:
            loop.remove_reader(listener.fileno())
        await pass_rounds()
        last = [connection for listener in listeners for connection in waiting(listener)]
        for server in self.servers:
            server.close()
        for connection in last:
            await loop.connect_accepted_socket(self._protocol, connection)
        await asyncio.sleep(LAST_REQUESTS)
        # A process that got no CPU time for so long now reads the data that has arrived.
        await pass_rounds()
        await super().shutdown(sockets)


class DrainingProcess(multiprocess.Process):
    """A process that answers the connections that it has accepted. Its parent waits for the
    drain."""

    @property
    def server(self) -> uvicorn.Server:
        """The server, which is created in the process itself."""
        if self._server is None:
            self._server = DrainingServer(self.config, drain_seconds=0)
        return self._server


class DrainingMultiprocess(multiprocess.Multiprocess):
    """Does what DrainingServer does, for several processes that listen on one socket."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], drain_seconds: float) -> None:
        # Uvicorn creates its processes in three methods, and their class cannot be configured.
        multiprocess.Process = DrainingProcess  # type: ignore[misc]
        super().__init__(config, sockets)
        self._drain_seconds = drain_seconds

    def terminate_all(self) -> None:
        """Stop the processes after the drain. Connections wait at a socket until the last process
        closes it: the parent, which accepts none, must not be the last."""
        time.sleep(self._drain_seconds)
        for listener in self.sockets:
            listener.close()
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
