"""The objects that the routes of the API use. It is created once per process."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from mnemolite.cache import CachedEmbedder
from mnemolite.chroma import Chroma
from mnemolite.database import make_engine
from mnemolite.memories import Result, with_texts
from mnemolite.settings import Settings
from ragkit.embeddings import make_embedder
from ragkit.metrics import count_retrieved, stage
from ragkit.providers import model_settings


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
        count_retrieved(len(results))
        return results


def make_services(settings: Settings) -> Services:
    """Create all services. The model is loaded here, so that the first request does not wait for
    it."""
    model = model_settings("embedding", "local")
    # The embedder is compact, because two processes share 512 MiB.
    local = make_embedder(model, compact=True)
    embedder = CachedEmbedder(local, settings.cache_dir, model.model, settings.config.search.cache_entries)
    return Services(settings, make_engine(settings), Chroma(settings.chroma_url), embedder)


async def _services(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)  # noqa: S101
    return services


Given = Annotated[Services, Depends(_services)]
