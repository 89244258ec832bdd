"""The FastAPI application, put together."""

from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import BaseModel
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from mnemolite import memories, page, routes
from mnemolite.services import Given, Services, make_services
from mnemolite.settings import load_settings_or_exit
from ragapp.api import database, problems, telemetry
from ragapp.api.body_limit import BodyLimit
from ragapp.api.uploads import FORM_BYTES
from ragapp.logs import configure_logs


class Dependency(BaseModel):
    """Whether one dependency answers, and why not."""

    name: str
    ok: bool
    detail: str = ""


class Health(BaseModel):
    """That the API is alive, and what of its dependencies is not."""

    status: str
    dependencies: list[Dependency]


class StateCollector(Collector):
    """Memories by state and the queue; every process tells the same, so queries take max(), not sum()."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterable[Metric]:
        """Ask the database; without it these metrics are absent, the others are not."""
        try:
            with self._engine.connect() as connection:
                counts = memories.counts(connection)
                passages = connection.scalar(text("SELECT count(*) FROM passages"))
                oldest = connection.scalar(
                    text("SELECT extract(epoch FROM now() - min(due_at)) FROM queue WHERE state = 'queued'")
                )
        except SQLAlchemyError:
            return
        family = GaugeMetricFamily("rag_documents", "Memories by state.", labels=["state"])
        for state, count in counts.items():
            family.add_metric([state], count)
        yield family
        yield GaugeMetricFamily("rag_chunks", "Passages stored.", value=passages or 0)
        yield GaugeMetricFamily("rag_queue_depth", "Memories that wait.", value=counts["queued"])
        yield GaugeMetricFamily(
            "rag_queue_oldest_age_seconds",
            "How long the oldest of them has been due.",
            value=max(0.0, float(oldest or 0)),
        )


def create() -> FastAPI:
    """Return the application for the settings in the environment; uvicorn calls this in each process."""
    settings = load_settings_or_exit()
    configure_logs("INFO")
    return make_app(make_services(settings))


def make_app(services: Services) -> FastAPI:
    """Return the application for these services."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        services.engine.dispose()

    # Without documentation pages: their assets would come from a CDN.
    app = FastAPI(title="mnemolite", version="1.0.0", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.services = services
    problems.install(app, *database.ERRORS, translate=database.problem_of)
    limit = services.settings.config.upload.max_mb
    app.add_middleware(
        BodyLimit, limit * 1024 * 1024 + FORM_BYTES, f"larger than upload.max_mb, which is {limit}"
    )
    telemetry.install(app, StateCollector(services.engine))
    app.include_router(routes.router)
    app.include_router(page.router(services.settings.templates_dir))
    app.add_api_route("/health", health, summary="Is the API alive, and what does it depend on?")
    return app


def health(services: Given) -> Health:
    """Answer 200 while the process does, and say which of its dependencies do not."""
    checks: dict[str, Callable[[], None]] = {
        "database": lambda: _check_database(services.engine),
        "chroma": services.chroma.check,
    }
    # Side by side: each may take seconds to give up.
    with ThreadPoolExecutor(len(checks)) as pool:
        dependencies = list(pool.map(_check, checks.keys(), checks.values()))
    well = all(dependency.ok for dependency in dependencies)
    return Health(status="ok" if well else "degraded", dependencies=dependencies)


def _check(name: str, check: Callable[[], None]) -> Dependency:
    try:
        check()
    except Exception as error:
        problem = database.problem_of(error)
        detail = problem.detail if problem else type(error).__name__
        return Dependency(name=name, ok=False, detail=detail.removeprefix(f"{name}: "))
    return Dependency(name=name, ok=True)


def _check_database(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT FROM memories LIMIT 1"))
