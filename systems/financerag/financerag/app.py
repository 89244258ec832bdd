"""The application for the settings in the environment."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from financerag.folder import Folder
from financerag.locks import take_data
from financerag.settings import load_or_exit
from financerag.store import ChromaLibrary, connector
from ragkit.api.library import make_app
from ragkit.embeddings import make_embedder
from ragkit.environment import refuse
from ragkit.llm import make_chat_model
from ragkit.logs import configure_logs


def create() -> FastAPI:
    """Return the application for one process. Gunicorn calls this in each worker."""
    # The parent of several processes has already checked their number.
    settings = load_or_exit(processes=1)
    configure_logs(settings.log_level)
    lock = None
    if not settings.chroma_host:
        try:
            lock = take_data(settings.chroma_path / "financerag.lock")
        except ValueError as error:
            refuse(error)
    connect = connector(
        str(settings.chroma_path), settings.chroma_host, settings.chroma_port, settings.chroma_tls
    )
    library = ChromaLibrary(
        connect,
        make_embedder(settings.embedding),
        settings.embedding,
        settings.ingest_timeout,
        settings.max_passages,
    )
    stop = threading.Event()
    folder = Folder(settings.documents_dir, library, stop, settings.ingest_timeout)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Runs in a thread, so that the service answers while a provider is slow.
        ingesting = threading.Thread(target=folder.run, args=(settings.watch,), name="documents", daemon=True)
        ingesting.start()
        yield
        stop.set()
        ingesting.join(10)
        if lock:
            lock.close()

    chat_model = make_chat_model(settings.llm)
    return make_app(
        "financerag",
        library,
        chat_model,
        max_upload_mb=settings.max_upload_mb,
        lifespan=lifespan,
        data=None if settings.chroma_host else settings.chroma_path,
    )
