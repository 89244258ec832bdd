"""The container health check."""

import json
import os
import sys

from ragkit.probe import body_of


def check() -> int:
    """Return 0 when the service answers 200 on loopback. Otherwise print the reason and return
    1."""
    body = body_of("m31", int(os.environ.get("PORT") or 8000), "/health")
    if body is None:
        return 1
    # The service works without its cache. `docker inspect` shows this line.
    sys.stdout.write(f"redis: {json.loads(body).get('redis', 'unknown')}\n")
    return 0
