"""The access log without the secret path of the metrics and without health checks."""

import logging

from myrag.settings import metrics_path

HEALTH_CHECKS = frozenset({"/api/health", "/api/ready"})


class Quiet(logging.Filter):
    """Drops the lines of health checks and all lines with the secret path."""

    def __init__(self) -> None:
        super().__init__()
        try:
            self._secret = metrics_path().strip("/")
        except ValueError:
            # The application reads the same settings next and reports the error.
            self._secret = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is written."""
        if self._secret and self._secret in record.getMessage():
            return False
        # The arguments of uvicorn: client, method, path with query, HTTP version, status.
        arguments = record.args
        return not (isinstance(arguments, tuple) and len(arguments) > 2 and arguments[2] in HEALTH_CHECKS)
