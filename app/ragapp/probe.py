"""The health check of each service of the reference application."""

import sys

from ragkit.probe import ask

TARGETS = {
    "api": (8000, "/api/health"),
    "worker": (8001, "/health"),
    "ui": (8501, "/_stcore/health"),
}


def probe(service: str) -> int:
    """Return 0 when the service in this container is healthy. Otherwise print the reason and return
    1."""
    if service not in TARGETS:
        sys.stderr.write(f"unknown service {service!r}: one of {', '.join(TARGETS)}\n")
        return 2
    return ask(service, *TARGETS[service])
