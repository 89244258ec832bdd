"""The access log without the secret path of the metrics, and without the probes that fill it."""

import logging

from myrag.settings import metrics_path

PROBES = frozenset({"/api/health", "/api/ready"})


class Quiet(logging.Filter):
    """Drops the lines of probes and every line that holds the secret path."""

    def __init__(self) -> None:
        super().__init__()
        try:
            self._secret = metrics_path().strip("/")
        except ValueError:
            # The application reads the same settings next, and says what is wrong in words.
            self._secret = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line may be written."""
        if self._secret and self._secret in record.getMessage():
            return False
        # uvicorn's arguments: client, method, path with query, HTTP version, status.
        arguments = record.args
        return not (isinstance(arguments, tuple) and len(arguments) > 2 and arguments[2] in PROBES)
