"""Routes of health: alive (does this process answer) and ready (do its dependencies)."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel
from redis import RedisError
from sqlalchemy import text
from sqlalchemy.orm import Session

from ragapp.api.database import problem_of
from ragapp.api.dependencies import get_services
from ragapp.services import Services
from ragapp.space import check_space

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
    """Answer while the process does, whatever its dependencies do."""
    return {"status": "ok"}


@router.get("/api/ready", summary="Are its dependencies?", responses={503: {"model": Readiness}})
def ready(response: Response, services: Annotated[Services, Depends(get_services)]) -> Readiness:
    """Ask every dependency; 503 when one cannot be used."""
    checks: dict[str, Callable[[], None]] = {
        "database": partial(_check_database, services),
        "redis": partial(_check_redis, services),
        "vector store": partial(_check_store, services),
        "embeddings": services.embedder.check,
    }
    if services.chat_model:
        checks["language model"] = services.chat_model.check
    # Side by side: each may take seconds to give up.
    with ThreadPoolExecutor(len(checks)) as pool:
        dependencies = list(pool.map(_check, checks.keys(), checks.values()))
    failing = [f"{dependency.name}: {dependency.detail}" for dependency in dependencies if not dependency.ok]
    response.status_code = 503 if failing else 200
    return Readiness(
        title="Service Unavailable" if failing else "OK",
        detail="; ".join(failing) or "every dependency answers",
        status=response.status_code,
        dependencies=dependencies,
    )


def _check(name: str, check: Callable[[], None]) -> Dependency:
    started = time.perf_counter()
    detail = ""
    try:
        check()
    except Exception as error:
        problem = problem_of(error)
        detail = (problem.detail if problem else str(error) or type(error).__name__).removeprefix(f"{name}: ")
    return Dependency(
        name=name, ok=not detail, detail=detail, milliseconds=round((time.perf_counter() - started) * 1000, 1)
    )


def wait_for_stores(services: Services, seconds: float = 30) -> None:
    """Return once database and Redis answer, and exit with what they say when they have not in time.

    So a release that cannot reach them never gets healthy, and takes no request from the one before.
    """
    end = time.monotonic() + seconds
    checks = {"database": partial(_reach_database, services), "redis": partial(_check_redis, services)}
    while True:
        asked = [_check(name, check) for name, check in checks.items()]
        failing = [f"{one.name}: {one.detail}" for one in asked if not one.ok]
        if not failing:
            return
        if time.monotonic() > end:
            sys.exit(f"given up after {seconds:.0f} s. {'; '.join(failing)}")
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
