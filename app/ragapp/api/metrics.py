"""The metrics that the API reads from the database."""

from collections.abc import Iterable

from prometheus_client.core import Metric
from sqlalchemy import Connection, text

from ragkit.api.database import library_metrics, queue_metrics

STATES = ("queued", "ingesting", "ready", "failed")


def measure(connection: Connection) -> Iterable[Metric]:
    """Yield the numbers of documents and chunks, and the state of the queue."""
    states = dict.fromkeys(STATES, 0)
    rows = connection.execute(text("SELECT state, count(*) FROM documents GROUP BY state"))
    states.update({row.state: row.count for row in rows})
    chunks = connection.scalar(text("SELECT count(*) FROM chunks"))
    oldest = connection.scalar(
        text("SELECT extract(epoch FROM now() - min(due_at)) FROM documents WHERE state = 'queued'")
    )
    yield from library_metrics(states, chunks or 0)
    yield from queue_metrics(states["queued"], float(oldest or 0))
