"""The FastAPI application with its routes."""

from pathlib import Path

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from ragapp.api import documents, health, query
from ragapp.api.metrics import measure
from ragapp.services import Services, make_services
from ragapp.settings import load_settings_or_exit
from ragkit.api import identity, limits, openapi, telemetry
from ragkit.api.body_limit import Uploads
from ragkit.api.database import StateCollector, install_problems
from ragkit.database import disposing
from ragkit.logs import configure_logs

DOCS_ASSETS = Path(fastapi_offline.__file__).parent / "static"


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
    _serve_docs(app)
    return app


def _serve_docs(app: FastAPI) -> None:
    """Serve Swagger UI with assets from a package, because the browser may reach no CDN."""
    app.mount("/api/docs-assets", StaticFiles(directory=DOCS_ASSETS), name="docs-assets")

    @app.get("/api/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/api/openapi.json",
            title="RAG API",
            swagger_js_url="/api/docs-assets/swagger-ui-bundle.js",
            swagger_css_url="/api/docs-assets/swagger-ui.css",
            swagger_favicon_url="/api/docs-assets/favicon.png",
        )
