"""What the API and the worker share: one object of each kind, made from the settings."""

from dataclasses import dataclass

import redis
from sqlalchemy import Engine

from ragapp.database import make_engine
from ragapp.embeddings import Embedder, make_embedder
from ragapp.embeddings.cached import QueryEmbedder
from ragapp.llm import ChatModel, make_chat_model
from ragapp.queue import IngestionQueue, connect
from ragapp.settings import Settings
from ragapp.stores import VectorStore, make_store


@dataclass(frozen=True)
class Services:
    """Everything a request or an ingestion works with; making it connects to nothing."""

    settings: Settings
    engine: Engine
    redis: "redis.Redis"
    queue: IngestionQueue
    embedder: Embedder
    query_embedder: QueryEmbedder
    store: VectorStore
    chat_model: ChatModel | None


def make_services(settings: Settings) -> Services:
    """Make all services; the local model is loaded here, so that the first request does not wait for it."""
    cache = connect(settings)
    embedder = make_embedder(settings.embedding)
    return Services(
        settings=settings,
        engine=make_engine(settings),
        redis=cache,
        # dramatiq's consumer waits on Redis for seconds at a time.
        queue=IngestionQueue(connect(settings, timeout=5)),
        embedder=embedder,
        query_embedder=QueryEmbedder(embedder, cache, settings.embedding_model, settings.embedding_dimension),
        store=make_store(settings),
        chat_model=make_chat_model(settings.llm),
    )
