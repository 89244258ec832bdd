"""Serves the API until SIGTERM."""

import hmac
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Header

from rag_events.library import FaissLibrary
from ragapp.api.draining import serve_one
from ragapp.api.library import make_app
from ragapp.api.problems import Problem, ProblemDetails
from ragapp.embeddings import make_embedder
from ragapp.environment import model_from_environment, number, secret_file
from ragapp.llm import make_chat_model
from ragapp.logs import configure_logs
from ragapp.secret_files import read_secret


def serve(host: str, port: int) -> int:
    """Serve with one process: replicas share the volume, processes would only share the memory's bill."""
    configure_logs(os.environ.get("LOG_LEVEL") or "INFO")
    return serve_one(create(), host, port)


def create() -> FastAPI:
    """Return the application for the environment; ValueError when it cannot be used."""
    folder = Path(os.environ.get("DATA_DIR") or "/app/data")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        owner = folder.stat().st_uid if folder.is_dir() else "nobody"
        raise ValueError(
            f"DATA_DIR={folder}: user {os.getuid()} cannot write there (it belongs to {owner}); "
            f"run `chown -R {os.getuid()}:{os.getgid()}` on the volume as root"
        )
    embedding = model_from_environment("embedding")
    chat_model = make_chat_model(model_from_environment("llm"))
    secret_file("REBUILD_API_KEY_FILE")
    limit = number("MAX_UPLOAD_MB", 25, 1, 1024)
    library = FaissLibrary(folder, make_embedder(embedding), embedding)
    app = make_app("rag-events", library, chat_model, max_upload_mb=limit)
    _add_rebuild(app, library)
    return app


def _add_rebuild(app: FastAPI, library: FaissLibrary) -> None:
    @app.post("/rebuild", responses={status: {"model": ProblemDetails} for status in (401, 403, 503)})
    def rebuild(x_api_key: Annotated[str, Header()] = "") -> dict[str, object]:
        """Make the index anew from the kept documents; the header X-API-Key must hold the key."""
        _check_key(x_api_key)
        return asdict(library.rebuild())


def _check_key(given: str) -> None:
    # Read at each request: a new key is valid at once.
    file = secret_file("REBUILD_API_KEY_FILE")
    if file is None:
        raise Problem(403, "rebuilding over HTTP is refused while there is no key; set REBUILD_API_KEY")
    if not given:
        raise Problem(401, "the header X-API-Key is missing; it holds the value of REBUILD_API_KEY")
    if not hmac.compare_digest(given.encode(), read_secret(file).encode()):
        raise Problem(403, "the header X-API-Key does not hold the value of REBUILD_API_KEY")
