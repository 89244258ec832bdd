"""Serves the API with uvicorn."""

import uvicorn

import ragapp
import ragkit
from ragapp.settings import load_settings_or_exit
from ragkit.api import server
from ragkit.logs import configure_logs
from ragkit.multiprocess import share_metrics

APP = "ragapp.api.app:create"
PORT = 8000


def serve() -> int:
    """Serve until SIGTERM, then finish the requests in progress."""
    settings = load_settings_or_exit()
    configure_logs(settings.log_level)
    share_metrics("ragapp")
    if settings.reload:
        uvicorn.run(
            APP,
            factory=True,
            host="0.0.0.0",  # noqa: S104 - the networks of the container decide who reaches it  # nosec B104
            port=PORT,
            reload=True,
            reload_dirs=[*ragapp.__path__, *ragkit.__path__],
            log_config=None,
        )
        return 0
    return server.serve(
        APP,
        PORT,
        workers=settings.api_workers,
        drain_seconds=settings.drain_seconds,
        shutdown_seconds=settings.shutdown_seconds,
    )
