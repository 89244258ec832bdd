"""The FastAPI application with its routes."""

from collections.abc import Iterable

from fastapi import FastAPI
from prometheus_client.core import Metric
from pydantic import BaseModel
from sqlalchemy import Connection, text

from mnemolite import memories, page, routes
from mnemolite.services import Given, Services, make_services
from mnemolite.settings import load_settings_or_exit
from ragkit.api import docs, identity, limits, openapi, telemetry
from ragkit.api.body_limit import Uploads
from ragkit.api.database import (
    StateCollector,
    install_problems,
    library_metrics,
    problem_of,
    queue_metrics,
)
from ragkit.api.dependencies import check_all
from ragkit.api.overload import apart
from ragkit.database import disposing
from ragkit.logs import configure_logs


class Dependency(BaseModel):
    """Whether one dependency answers, and why not."""

    name: str
    ok: bool
    detail: str = ""


class Health(BaseModel):
    """That the API runs, and which of its dependencies do not answer."""

    status: str
    dependencies: list[Dependency]


def create() -> FastAPI:
    """Return the application for the settings in the environment. Uvicorn calls this in each
    process."""
    settings = load_settings_or_exit()
    configure_logs()
    return make_app(make_services(settings))


def make_app(services: Services) -> FastAPI:
    """Return the application for these services."""
    app = FastAPI(
        title="mnemolite",
        version="1.0.0",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=disposing(services.engine),
    )
    app.state.services = services
    install_problems(app)
    openapi.install(app)
    uploads = Uploads(("/memories",), services.settings.config.upload.max_mb, "upload.max_mb")
    # The page at / also runs searches.
    limits.install(app, questions=("/search", "/"), uploads=uploads)
    identity.install(app)
    docs.install(app)
    data = telemetry.DataCollector(services.settings.cache_dir)
    telemetry.install(app, StateCollector(services.engine, measure), data)
    app.include_router(routes.router)
    app.include_router(page.router(services.settings.templates_dir))
    app.add_api_route("/health", health, summary="Is the API alive, and which dependencies answer?")
    return app


def measure(connection: Connection) -> Iterable[Metric]:
    """Yield the numbers of memories and passages, and the state of the queue."""
    counts = memories.counts(connection)
    passages = connection.scalar(text("SELECT count(*) FROM passages"))
    oldest = connection.scalar(
        text("SELECT extract(epoch FROM now() - min(due_at)) FROM queue WHERE state = 'queued'")
    )
    yield from library_metrics(counts, passages or 0, "Memories")
    yield from queue_metrics(counts["queued"], float(oldest or 0), "Memories")


@apart
def health(services: Given) -> Health:
    """Answer 200 while the process runs, and report the dependencies that do not answer."""

    def database() -> None:
        with services.engine.connect() as connection:
            connection.execute(text("SELECT FROM memories LIMIT 1"))

    checked = check_all({"database": database, "chroma": services.chroma.check}, problem_of)
    return Health(
        status="degraded" if any(one.detail for one in checked) else "ok",
        dependencies=[Dependency(name=one.name, ok=not one.detail, detail=one.detail) for one in checked],
    )
