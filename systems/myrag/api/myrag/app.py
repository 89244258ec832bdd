"""The FastAPI application with its routes."""

from fastapi import APIRouter, FastAPI
from sqlalchemy import text

from myrag import documents, query
from myrag.metrics import SecretMetricsPath, measure
from myrag.services import Given, Services, make_services
from myrag.settings import load_settings_or_exit
from ragkit.api import docs, identity, limits, openapi, problems, telemetry
from ragkit.api.body_limit import Uploads
from ragkit.api.database import StateCollector, install_problems
from ragkit.api.overload import apart
from ragkit.database import disposing

health = APIRouter(tags=["health"])


@health.get("/api/health", summary="Is the API alive?")
async def alive() -> dict[str, str]:
    """Answer 200 while the process runs. No dependency is checked."""
    return {"status": "ok"}


@health.get("/api/ready", summary="Can the API do its work?", responses=problems.responses(503))
@apart
def ready(services: Given) -> dict[str, str]:
    """Check the database, the data folder and the embedder. A 503 says what is wrong."""
    with services.engine.connect() as connection:
        connection.execute(text("SELECT FROM documents LIMIT 1"))
    services.originals.check()
    services.embedder.check()
    return {"status": "ready"}


def create() -> FastAPI:
    """Return the application for the settings in the environment. Uvicorn calls this."""
    return make_app(make_services(load_settings_or_exit()))


def make_app(services: Services) -> FastAPI:
    """Return the application for these services."""
    app = FastAPI(
        title="myrag",
        version="1.0.0",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=disposing(services.engine),
    )
    app.state.services = services
    install_problems(app)
    openapi.install(app)
    uploads = Uploads(("/api/documents",), services.settings.max_upload_mb, "MAX_UPLOAD_MB")
    limits.install(app, questions=("/api/query",), uploads=uploads)
    identity.install(app)
    docs.install(app, "/api")
    data = telemetry.DataCollector(services.settings.data_dir)
    telemetry.install(app, StateCollector(services.engine, measure), data)
    # Added last, so that it runs first and no other middleware sees the secret path.
    app.add_middleware(SecretMetricsPath, services.settings.metrics_path)
    for router in (documents.router, query.router, health):
        app.include_router(router)
    return app
