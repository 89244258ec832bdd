"""Serves the API until SIGTERM."""

import hmac
import os
from dataclasses import asdict
from typing import Annotated

from fastapi import FastAPI, Header

from rag_events.library import FaissLibrary
from ragkit.api import server
from ragkit.api.library import make_app
from ragkit.api.problems import Problem, responses
from ragkit.bounds import MAX_PASSAGES
from ragkit.embeddings import make_embedder
from ragkit.environment import data_folder, model_from_environment, number, secret_file
from ragkit.llm import make_chat_model
from ragkit.logs import configure_logs
from ragkit.secret_files import read_secret


def serve(host: str, port: int) -> int:
    """Serve with one process. For more, run more replicas: they share the volume."""
    configure_logs(os.environ.get("LOG_LEVEL") or "INFO")
    return server.serve(create(), port, host=host)


def create() -> FastAPI:
    """Return the application for the environment. Raises ValueError when the settings cannot be
    used."""
    folder = data_folder("DATA_DIR", "/app/data")
    embedding = model_from_environment("embedding")
    chat_model = make_chat_model(model_from_environment("llm"))
    secret_file("REBUILD_API_KEY_FILE")
    limit = number("MAX_UPLOAD_MB", 25, 1, 1024)
    # Less than the 600 s that the gateway waits for the answer to an upload.
    timeout = number("INGEST_TIMEOUT_SECONDS", 540, 10, 86400)
    max_passages = number("MAX_PASSAGES", MAX_PASSAGES, 1, 1_000_000)
    library = FaissLibrary(folder, make_embedder(embedding), embedding, timeout, max_passages)
    app = make_app("rag-events", library, chat_model, max_upload_mb=limit, data=folder)
    _add_rebuild(app, library)
    return app


def _add_rebuild(app: FastAPI, library: FaissLibrary) -> None:
    @app.post("/rebuild", responses=responses(401, 403, 409, 502, 503))
    def rebuild(x_api_key: Annotated[str, Header()] = "") -> dict[str, object]:
        """Create the index again from the stored documents. The header X-API-Key must hold the
        key."""
        _check_key(x_api_key)
        return asdict(library.rebuild())


def _check_key(given: str) -> None:
    # The key is read at each request, so a new key is valid immediately.
    file = secret_file("REBUILD_API_KEY_FILE")
    if file is None:
        raise Problem(403, "a rebuild over HTTP needs a key; set REBUILD_API_KEY")
    if not given:
        raise Problem(401, "the header X-API-Key is missing; it must contain the value of REBUILD_API_KEY")
    if not hmac.compare_digest(given.encode(), read_secret(file).encode()):
        raise Problem(403, "the header X-API-Key does not contain the value of REBUILD_API_KEY")
