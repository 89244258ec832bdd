"""What the API's routes work with, made once a process."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from mnemolite.cache import CachedEmbedder
from mnemolite.chroma import Chroma
from mnemolite.database import make_engine
from mnemolite.memories import Result, with_texts
from mnemolite.settings import Settings
from ragapp.embeddings import make_embedder
from ragapp.metrics import EMPTY_RETRIEVALS, RETRIEVED_CHUNKS, stage
from ragapp.providers import model_settings


@dataclass(frozen=True)
class Services:
    """The stores and the model."""

    settings: Settings
    engine: Engine
    chroma: Chroma
    embedder: CachedEmbedder

    def search(self, query: str, k: int) -> list[Result]:
        """Return at most k passages, best first."""
        with stage("embed"):
            vector = self.embedder.embed(query)
        with stage("retrieve"):
            hits = self.chroma.search(vector, k)
            with self.engine.connect() as connection:
                results = with_texts(connection, hits)
        RETRIEVED_CHUNKS.observe(len(results))
        if not results:
            EMPTY_RETRIEVALS.inc()
        return results


def make_services(settings: Settings) -> Services:
    """Make all services; the model is loaded here, so that the first request does not wait for it."""
    model = model_settings("embedding", "local")
    # Two processes share 512 MiB.
    local = make_embedder(model, compact=True)
    embedder = CachedEmbedder(local, settings.cache_dir, model.model, settings.config.search.cache_entries)
    return Services(settings, make_engine(settings), Chroma(settings.chroma_url), embedder)


def _services(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)  # noqa: S101
    return services


Given = Annotated[Services, Depends(_services)]
