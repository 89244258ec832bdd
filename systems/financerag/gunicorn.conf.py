"""The settings of gunicorn, for `main.py serve --production`."""

from typing import Any

from financerag.settings import load_or_exit
from ragkit.multiprocess import share_metrics

settings = load_or_exit()
# This must run before the workers import prometheus_client.
share_metrics("financerag")

wsgi_app = "financerag.app:create()"
bind = "0.0.0.0:8000"
workers = settings.processes
worker_class = "financerag.worker.DrainingWorker"
# Workers report through files that they are alive. On a slow disk they would seem dead.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - memory of the container, and gunicorn creates the files safely  # nosec B108
graceful_timeout = 20
# Longer than a gateway keeps idle connections. The gateway then never writes into a closing one.
keepalive = 75
# The socket would be in the user's home folder, which does not exist.
control_socket_disable = True
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "ragkit.logs.JsonFormatter"}},
    "handlers": {
        "out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}
    },
    "root": {"handlers": ["out"], "level": settings.log_level},
    "loggers": {"gunicorn.error": {"handlers": ["out"], "level": settings.log_level, "propagate": False}},
}


def child_exit(_server: Any, worker: Any) -> None:
    """Delete the gauges of a worker that has ended. Its counters stay."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
