"""Serves the API with uvicorn. The processes share one page of metrics."""

import uvicorn

from mnemolite.settings import load_settings_or_exit
from ragkit.logs import configure_logs
from ragkit.multiprocess import share_metrics

PORT = 8000


def serve() -> None:
    """Serve until SIGTERM, then finish the requests in progress."""
    settings = load_settings_or_exit()
    configure_logs()
    share_metrics("mnemolite")
    uvicorn.run(
        "mnemolite.api:create",
        factory=True,
        host="0.0.0.0",  # noqa: S104 - the networks of the container decide who reaches it  # nosec B104
        port=PORT,
        workers=settings.uvicorn_workers,
        loop=settings.uvicorn_loop,
        http="httptools",
        access_log=False,  # the metrics count requests
        log_config=None,
        timeout_graceful_shutdown=20,
    )


if __name__ == "__main__":
    serve()
