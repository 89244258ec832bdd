"""Serves the API until SIGTERM, then ends what is in flight."""

import sys
from types import FrameType

import uvicorn

from m31 import settings
from m31.api import make_app
from m31.cache import AnswerCache, connect
from m31.documents import Documents


class Server(uvicorn.Server):
    """Ends with exit code 0 after SIGTERM; uvicorn itself sends the signal to itself again at the end."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Stop taking requests."""
        self.should_exit = True


def serve() -> int:
    """Serve on all addresses of the container; return the exit code."""
    try:
        loaded = settings.load()
        documents = Documents()
        cache = AnswerCache(connect(loaded), documents.version)
    except ValueError as error:
        sys.stderr.write(f"The settings cannot be used: {error}\n")
        return 2
    config = uvicorn.Config(
        make_app(loaded.environment, documents, cache),
        host="0.0.0.0",  # noqa: S104 - the container's networks decide who reaches it
        port=loaded.port,
        http="httptools",
        access_log=False,  # the metrics count requests
        timeout_graceful_shutdown=15,
        # Longer than a gateway keeps its idle connections, so that it never writes into a closing one.
        timeout_keep_alive=75,
    )
    server = Server(config)
    server.run()
    return 0 if server.started else 1
