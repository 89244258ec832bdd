"""What the API makes of the database: problems out of its errors, metrics out of its state."""

import logging
from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine, text
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ragapp.api import problems
from ragapp.api.problems import Problem

log = logging.getLogger(__name__)

UNDEFINED_TABLE = "42P01"
DISK_FULL = "53100"

ERRORS = (PoolTimeout, ProgrammingError, OperationalError, InterfaceError)


def problem_of(error: Exception) -> Problem | None:
    """Return the problem that an error amounts to, the database's included, None for an error of ours."""
    match error:
        case PoolTimeout():
            return Problem(503, "database: every connection is busy; try again in a moment")
        case ProgrammingError() if getattr(error.orig, "sqlstate", None) == UNDEFINED_TABLE:
            return Problem(503, "database: the schema is missing; run `python -m ragapp migrate`")
        case OperationalError() if getattr(error.orig, "sqlstate", None) == DISK_FULL:
            return Problem(503, "database: its disk is full; nothing can be added until there is space")
        case OperationalError() | InterfaceError():
            log.warning("the database fails: %s", error.orig)
            return Problem(503, "database: it does not answer, or broke off the connection")
        case _:
            return problems.problem_of(error)


class StateCollector(Collector):
    """What the database knows: documents by state, chunks, and the queue's depth and age.

    Served by the API, because a queue grows exactly when the worker is gone. Every API process tells the
    same, so queries take max(), not sum().
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterable[Metric]:
        """Ask the database; without it these metrics are absent, the others are not."""
        documents = GaugeMetricFamily("rag_documents", "Documents by state.", labels=["state"])
        chunks = GaugeMetricFamily("rag_chunks", "Chunks stored.")
        depth = GaugeMetricFamily("rag_queue_depth", "Documents waiting for ingestion.")
        age = GaugeMetricFamily("rag_queue_oldest_age_seconds", "How long the oldest of them has been due.")
        try:
            with self._engine.connect() as connection:
                counts = dict.fromkeys(("queued", "ingesting", "ready", "failed"), 0)
                rows = connection.execute(text("SELECT state, count(*) FROM documents GROUP BY state"))
                counts.update({row.state: row.count for row in rows})
                chunk_count = connection.scalar(text("SELECT count(*) FROM chunks"))
                oldest = connection.scalar(
                    text(
                        "SELECT extract(epoch FROM now() - min(due_at)) FROM documents WHERE state = 'queued'"
                    )
                )
        except SQLAlchemyError:
            return
        for state, count in counts.items():
            documents.add_metric([state], count)
        chunks.add_metric([], chunk_count or 0)
        depth.add_metric([], counts["queued"])
        age.add_metric([], max(0.0, float(oldest or 0)))
        yield from (documents, chunks, depth, age)
