"""The metrics: what the database knows, and the secret path under which all of them are served."""

import secrets
from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Receive, Scope, Send

PAGE = "/metrics"


class StateCollector(Collector):
    """The numbers of documents and chunks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterable[Metric]:
        """Ask the database; without it these metrics are absent, the others are not."""
        try:
            with self._engine.connect() as connection:
                documents = connection.scalar(text("SELECT count(*) FROM documents"))
                chunks = connection.scalar(text("SELECT count(*) FROM chunks"))
        except SQLAlchemyError:
            return
        family = GaugeMetricFamily("rag_documents", "Documents by state.", labels=["state"])
        # Ingestion is over when an upload is answered, so there is one state alone.
        family.add_metric(["ready"], documents or 0)
        yield family
        yield GaugeMetricFamily("rag_chunks", "Chunks stored.", value=chunks or 0)


class SecretMetricsPath:
    """Serves the metrics page under the secret path and nowhere else.

    Rewritten here instead of being a route: the secret then is in no label, no schema and no traceback.
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app = app
        self._path = path.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, under another path where it concerns the metrics."""
        if scope["type"] == "http":
            asked = scope["path"].encode("utf-8", "replace")
            if self._path and secrets.compare_digest(asked, self._path):
                scope = {**scope, "path": PAGE}
            elif asked.rstrip(b"/") == PAGE.encode():
                scope = {**scope, "path": "/not-here"}
        await self._app(scope, receive, send)
