"""Serves the API with uvicorn."""

from pathlib import Path

import uvicorn

from ragapp.api.draining import DrainingMultiprocess, DrainingServer
from ragapp.logs import configure_logs
from ragapp.multiprocess import share_metrics
from ragapp.settings import load_settings_or_exit

PORT = 8000


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
