"""Serves the API with uvicorn, and goes on serving for a while after SIGTERM."""

import signal
import threading
import time
from pathlib import Path
from types import FrameType

import uvicorn
from uvicorn.supervisors import Multiprocess

from ragapp.logs import configure_logs
from ragapp.multiprocess import share_metrics
from ragapp.settings import load_settings_or_exit

PORT = 8000


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


class DrainingMultiprocess(Multiprocess):
    """The same for several processes: the parent holds SIGTERM back from its children."""

    def __init__(self, config: uvicorn.Config, sockets: list[object], drain_seconds: float) -> None:
        super().__init__(config, sockets)  # type: ignore[arg-type]
        self._drain_seconds = drain_seconds

    def terminate_all(self) -> None:
        """Stop the children after the drain."""
        time.sleep(self._drain_seconds)
        super().terminate_all()


def serve() -> int:
    """Serve until SIGTERM, then finish what is in flight."""
    settings = load_settings_or_exit()
    configure_logs(settings.log_level)
    share_metrics()
    config = uvicorn.Config(
        "ragapp.api.app:create",
        factory=True,
        host="0.0.0.0",  # noqa: S104 - the container's networks decide who reaches it
        port=PORT,
        workers=settings.api_workers,
        loop="asyncio",
        http="httptools",
        access_log=False,  # the metrics count requests
        log_config=None,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        # Longer than a gateway keeps its idle connections, so that it never writes into a closing one.
        timeout_keep_alive=75,
        proxy_headers=True,
        forwarded_allow_ips="*",
    )
    if settings.reload:
        uvicorn.run(
            "ragapp.api.app:create",
            factory=True,
            host=config.host,
            port=PORT,
            reload=True,
            reload_dirs=[str(Path(__file__).parent.parent)],
            log_config=None,
        )
        return 0
    if settings.api_workers > 1:
        DrainingMultiprocess(config, [config.bind_socket()], settings.drain_seconds).run()
        return 0
    server = DrainingServer(config, settings.drain_seconds)
    server.run()
    return 0 if server.started else 1
