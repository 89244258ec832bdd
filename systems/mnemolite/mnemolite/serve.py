"""Serves the API with uvicorn on uvloop; the processes share one page of metrics."""

import uvicorn

from mnemolite.settings import load_settings_or_exit
from ragapp.logs import configure_logs
from ragapp.multiprocess import share_metrics

PORT = 8000


def serve() -> None:
    """Serve until SIGTERM, then finish what is in flight."""
    settings = load_settings_or_exit()
    configure_logs("INFO")
    share_metrics("mnemolite-metrics")
    uvicorn.run(
        "mnemolite.api:create",
        factory=True,
        host="0.0.0.0",  # noqa: S104 - the container's networks decide who reaches it
        port=PORT,
        workers=settings.api_workers,
        loop="uvloop",
        http="httptools",
        access_log=False,  # the metrics count requests
        log_config=None,
        timeout_graceful_shutdown=20,
    )


if __name__ == "__main__":
    serve()
