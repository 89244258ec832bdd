"""The objects that the routes use. It is created once per process."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from myrag.database import make_engine
from myrag.originals import Originals
from myrag.settings import Settings
from ragkit.embeddings import Embedder, make_embedder
from ragkit.llm import ChatModel, make_chat_model


@dataclass(frozen=True)
class Services:
    """The database, the stored files and the models."""

    settings: Settings
    engine: Engine
    originals: Originals
    embedder: Embedder
    chat_model: ChatModel | None


def make_services(settings: Settings) -> Services:
    """Create all services. The local model is loaded here, so that the first request does not wait
    for it."""
    return Services(
        settings=settings,
        engine=make_engine(settings),
        originals=Originals(settings.data_dir),
        embedder=make_embedder(settings.embedding),
        chat_model=make_chat_model(settings.llm),
    )


async def _services(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)  # noqa: S101
    return services


Given = Annotated[Services, Depends(_services)]
