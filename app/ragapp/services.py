"""The objects that the API and the worker share, created from the settings."""

from dataclasses import dataclass

import redis
from sqlalchemy import Engine

from ragapp.database import make_engine
from ragapp.query_cache import QueryEmbedder
from ragapp.queue import IngestionQueue, connect
from ragapp.settings import Settings
from ragapp.stores import VectorStore, make_store
from ragapp.token_budget import TokenBudget
from ragkit.embeddings import Embedder, make_embedder
from ragkit.llm import ChatModel, make_chat_model


@dataclass(frozen=True)
class Services:
    """Everything that a request or an ingestion uses. Creating them opens no connection."""

    settings: Settings
    engine: Engine
    redis: "redis.Redis"
    queue: IngestionQueue
    embedder: Embedder
    query_embedder: QueryEmbedder
    store: VectorStore
    chat_model: ChatModel | None
    token_budget: TokenBudget | None


def make_services(settings: Settings) -> Services:
    """Create all services. The local model is loaded here, so that the first request does not wait
    for it."""
    cache = connect(settings)
    embedder = make_embedder(settings.embedding)
    engine = make_engine(settings)
    chat_model = make_chat_model(settings.llm)
    per_day = settings.tokens_per_day
    return Services(
        settings=settings,
        engine=engine,
        redis=cache,
        # The consumer of dramatiq waits on Redis for seconds at a time.
        queue=IngestionQueue(connect(settings, timeout=5)),
        embedder=embedder,
        query_embedder=QueryEmbedder(embedder, cache, settings.embedding_model, settings.embedding_dimension),
        store=make_store(settings),
        chat_model=chat_model,
        token_budget=TokenBudget(engine, per_day) if per_day and chat_model else None,
    )
