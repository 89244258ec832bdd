"""The worker class of gunicorn."""

import sys

from gunicorn.arbiter import Arbiter
from uvicorn_worker import UvicornWorker

from ragkit.api.server import DrainingServer


class DrainingWorker(UvicornWorker):  # type: ignore[misc]
    """A worker that serves for some seconds after SIGTERM, and then answers the connections that it
    has accepted."""

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        server = DrainingServer(self.config, drain_seconds=2)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
