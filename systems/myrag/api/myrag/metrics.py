"""The metrics: what the database holds, and the secret path that serves all of them."""

import secrets
from collections.abc import Iterable

from prometheus_client.core import Metric
from sqlalchemy import Connection, text
from starlette.types import ASGIApp, Receive, Scope, Send

from ragkit.api.database import library_metrics

PAGE = "/metrics"


def measure(connection: Connection) -> Iterable[Metric]:
    """Yield the numbers of documents and chunks."""
    documents = connection.scalar(text("SELECT count(*) FROM documents"))
    chunks = connection.scalar(text("SELECT count(*) FROM chunks"))
    # An upload is answered when its ingestion is finished: there is only one state.
    return library_metrics({"ready": documents or 0}, chunks or 0)


class SecretMetricsPath:
    """Serves the metrics page under the secret path only.

    The path is rewritten here and is not a route. The secret is then in no label, no schema and no
    traceback.
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app = app
        self._path = path.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. Requests for metrics get another path."""
        if scope["type"] == "http":
            asked = scope["path"].encode("utf-8", "replace")
            if self._path and secrets.compare_digest(asked, self._path):
                scope = {**scope, "path": PAGE}
            elif asked.rstrip(b"/") == PAGE.encode():
                scope = {**scope, "path": "/not-here"}
        await self._app(scope, receive, send)
