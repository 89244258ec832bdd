"""Problem details for database errors, and metrics about the content of the database. Extras: api,
database."""

import logging
from collections.abc import Callable, Iterable, Mapping

from fastapi import FastAPI
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ragkit.api import problems
from ragkit.api.problems import Problem

log = logging.getLogger(__name__)

UNDEFINED_TABLE = "42P01"
DISK_FULL = "53100"


def install_problems(app: FastAPI) -> None:
    """Let the application answer every error with problem details, including errors of the
    database."""
    kinds = (PoolTimeout, ProgrammingError, OperationalError, InterfaceError)
    problems.install(app, *kinds, translate=problem_of)


def problem_of(error: Exception) -> Problem | None:
    """Return the problem for an error of the database or of `ragkit.errors`. Return None for any
    other error."""
    match error:
        case PoolTimeout():
            return Problem(503, "database: all connections are busy; try again in a moment")
        case ProgrammingError() if getattr(error.orig, "sqlstate", None) == UNDEFINED_TABLE:
            return Problem(503, "database: the schema is missing; run the migrations")
        case OperationalError() if getattr(error.orig, "sqlstate", None) == DISK_FULL:
            return Problem(503, "database: the disk is full; nothing can be added until space is freed")
        case OperationalError() | InterfaceError():
            log.warning("the database fails: %s", error.orig)
            return Problem(503, "database: it does not answer, or it closed the connection")
        case _:
            return problems.problem_of(error)


class StateCollector(Collector):
    """Metrics that are read from the database.

    The API serves them and not the worker, because the queue grows when the worker is down. All
    processes of the API report the same values: queries take max(), not sum().
    """

    def __init__(self, engine: Engine, measure: Callable[[Connection], Iterable[Metric]]) -> None:
        self._engine = engine
        self._measure = measure

    def collect(self) -> Iterable[Metric]:
        """Read the metrics. Without the database, only these metrics are absent."""
        try:
            with self._engine.connect() as connection:
                return list(self._measure(connection))
        except SQLAlchemyError:
            return []


def library_metrics(states: Mapping[str, int], chunks: int, things: str = "Documents") -> Iterable[Metric]:
    """Yield the numbers of documents by state and of stored chunks."""
    family = GaugeMetricFamily("rag_documents", f"{things} by state.", labels=["state"])
    for state, count in states.items():
        family.add_metric([state], count)
    yield family
    yield GaugeMetricFamily("rag_chunks", "Chunks stored.", value=chunks)


def queue_metrics(depth: int, oldest_seconds: float, things: str = "Documents") -> Iterable[Metric]:
    """Yield the length of the queue and how long its oldest entry has been due."""
    yield GaugeMetricFamily("rag_queue_depth", f"{things} that wait for ingestion.", value=depth)
    yield GaugeMetricFamily(
        "rag_queue_oldest_age_seconds",
        "Time since the oldest of them was due.",
        value=max(0.0, oldest_seconds),
    )
