"""The health routes: `alive` reports whether the process answers, and `ready` whether its
dependencies do."""

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel
from redis import RedisError
from sqlalchemy import text
from sqlalchemy.orm import Session

from ragapp.api.dependencies import get_services
from ragapp.services import Services
from ragapp.space import check_space
from ragkit.api.database import problem_of
from ragkit.api.dependencies import check_all
from ragkit.api.overload import apart

router = APIRouter(tags=["health"])


class Dependency(BaseModel):
    """Whether one dependency can be used, and why not."""

    name: str
    ok: bool
    detail: str = ""
    milliseconds: float


class Readiness(BaseModel):
    """Whether the API can do its work."""

    title: str
    detail: str
    status: int
    dependencies: list[Dependency]


@router.get("/api/health", summary="Is the API alive?")
async def health() -> dict[str, str]:
    """Answer 200 while the process runs. No dependency is checked."""
    return {"status": "ok"}


@router.get("/api/ready", summary="Can the API do its work?", responses={503: {"model": Readiness}})
@apart
def ready(response: Response, services: Annotated[Services, Depends(get_services)]) -> Readiness:
    """Check every dependency. Answers 503 when a dependency cannot be used."""
    checks: dict[str, Callable[[], None]] = {
        "database": partial(_check_database, services),
        "redis": partial(_check_redis, services),
        "vector store": partial(_check_store, services),
        "embeddings": services.embedder.check,
    }
    if services.chat_model:
        checks["language model"] = services.chat_model.check
    checked = check_all(checks, problem_of)
    failing = [f"{one.name}: {one.detail}" for one in checked if one.detail]
    response.status_code = 503 if failing else 200
    return Readiness(
        title="Service Unavailable" if failing else "OK",
        detail="; ".join(failing) or "all dependencies answer",
        status=response.status_code,
        dependencies=[
            Dependency(name=one.name, ok=not one.detail, detail=one.detail, milliseconds=one.milliseconds)
            for one in checked
        ],
    )


def wait_for_stores(services: Services, seconds: float = 30) -> None:
    """Return when database and Redis answer. If they do not answer in time, exit with their errors.

    A revision that cannot reach them then never becomes healthy and receives no requests.
    """
    end = time.monotonic() + seconds
    checks = {"database": partial(_reach_database, services), "redis": partial(_check_redis, services)}
    while True:
        failing = [f"{one.name}: {one.detail}" for one in check_all(checks, problem_of) if one.detail]
        if not failing:
            return
        if time.monotonic() > end:
            sys.exit(f"no answer after {seconds:.0f} s. {'; '.join(failing)}")
        time.sleep(1)


def _reach_database(services: Services) -> None:
    with Session(services.engine) as session:
        session.execute(text("SELECT 1"))


def _check_database(services: Services) -> None:
    with Session(services.engine) as session:
        check_space(session, services.settings)


def _check_redis(services: Services) -> None:
    try:
        services.redis.ping()
    except RedisError as error:
        raise ConnectionError(f"it does not answer ({error})") from error


def _check_store(services: Services) -> None:
    with Session(services.engine) as session:
        services.store.check(session)
