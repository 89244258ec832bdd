"""The FastAPI application, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from sqlalchemy import text

from myrag import documents, query
from myrag.metrics import SecretMetricsPath, StateCollector
from myrag.services import Given, Services, make_services
from myrag.settings import load_settings_or_exit
from ragapp.api import database, problems, telemetry
from ragapp.api.body_limit import BodyLimit
from ragapp.api.uploads import FORM_BYTES

health = APIRouter(tags=["health"])


@health.get("/api/health", summary="Is the API alive?")
async def alive() -> dict[str, str]:
    """Answer while the process does, whatever the database does."""
    return {"status": "ok"}


@health.get("/api/ready", summary="Can it do its work?", responses={503: {"model": problems.ProblemDetails}})
def ready(services: Given) -> dict[str, str]:
    """Ask the database and look at the data folder; 503 says what is wrong."""
    with services.engine.connect() as connection:
        connection.execute(text("SELECT FROM documents LIMIT 1"))
    services.originals.check()
    services.embedder.check()
    return {"status": "ready"}


def create() -> FastAPI:
    """Return the application for the settings in the environment; uvicorn calls this."""
    return make_app(make_services(load_settings_or_exit()))


def make_app(services: Services) -> FastAPI:
    """Return the application for these services."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        services.engine.dispose()

    app = FastAPI(
        title="myrag",
        version="1.0.0",
        openapi_url="/api/openapi.json",
        # Their assets would come from a CDN.
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.services = services
    problems.install(app, *database.ERRORS, translate=database.problem_of)
    limit = services.settings.max_upload_mb
    app.add_middleware(
        BodyLimit, limit * 1024 * 1024 + FORM_BYTES, f"larger than MAX_UPLOAD_MB, which is {limit}"
    )
    telemetry.install(app, StateCollector(services.engine))
    # Last, and so outermost: nothing further in ever sees the secret path.
    app.add_middleware(SecretMetricsPath, services.settings.metrics_path)
    for router in (documents.router, query.router, health):
        app.include_router(router)
    return app
