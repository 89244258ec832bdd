"""The FastAPI application with its routes."""

from fastapi import FastAPI

from ragapp.api import documents, health, query
from ragapp.api.metrics import measure
from ragapp.services import Services, make_services
from ragapp.settings import load_settings_or_exit
from ragkit.api import docs, identity, limits, openapi, telemetry
from ragkit.api.body_limit import Uploads
from ragkit.api.database import StateCollector, install_problems
from ragkit.database import disposing
from ragkit.logs import configure_logs


def create() -> FastAPI:
    """Return the application for the settings in the environment. Uvicorn calls this in each
    process."""
    settings = load_settings_or_exit()
    configure_logs(settings.log_level)
    services = make_services(settings)
    health.wait_for_stores(services)
    return make_app(services)


def make_app(services: Services) -> FastAPI:
    """Return the application for these services."""
    app = FastAPI(
        title="RAG API",
        version="1.0.0",
        description="Upload documents, ask questions, get answers with their sources.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=disposing(services.engine),
    )
    app.state.services = services
    install_problems(app)
    openapi.install(app)
    uploads = Uploads(("/api/documents",), services.settings.max_upload_mb, "RAG_MAX_UPLOAD_MB")
    limits.install(app, questions=("/api/query",), uploads=uploads)
    identity.install(app)
    telemetry.install(app, StateCollector(services.engine, measure))
    for module in (documents, query, health):
        app.include_router(module.router)
    docs.install(app, "/api")
    return app
