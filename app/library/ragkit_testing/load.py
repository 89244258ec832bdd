"""Sends a burst of requests to an application in this process, while one of its steps is slow."""

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.types import ASGIApp

LONG_QUESTION = "where is the spare mirror kept? " * 125  # 4000 characters
# Seconds within which other requests must be answered. The step itself lasts as long.
PATIENCE = 8.0


@dataclass
class Slow:
    """A step that lasts until it is released. Records how many threads ran it at the same time."""

    most: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def step(self, *_: Any, **__: Any) -> None:
        """Wait for the release."""
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self.released.wait(PATIENCE)
        with self._lock:
            self._now -= 1


@dataclass
class Burst:
    """The answers to a burst, and the statuses of the requests during the slow step."""

    answers: list[httpx.Response]
    during: list[int]

    def statuses(self) -> Counter[int]:
        """Return how often each status was answered."""
        return Counter(answer.status_code for answer in self.answers)

    def refused(self) -> list[httpx.Response]:
        """Return the answers to requests that got no place, which have Retry-After."""
        return [
            answer
            for answer in self.answers
            if answer.status_code == 503
            and "at once" in answer.json()["detail"]
            and int(answer.headers["retry-after"]) > 0
            and answer.headers["content-type"] == "application/problem+json"
        ]


def burst(
    app: ASGIApp,
    slow: Slow,
    path: str,
    count: int,
    during: Sequence[str] = (),
    method: str = "POST",
    **options: Any,
) -> Burst:
    """Send requests at the same time, and get the paths of `during` before the slow step ends."""
    return asyncio.run(_burst(app, slow, path, count, during, method, options))


async def _burst(
    app: ASGIApp,
    slow: Slow,
    path: str,
    count: int,
    during: Sequence[str],
    method: str,
    options: dict[str, Any],
) -> Burst:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        sent = [asyncio.create_task(client.request(method, path, **options)) for _ in range(count)]
        await asyncio.sleep(0.2)
        async with asyncio.timeout(PATIENCE / 2):
            statuses = [(await client.get(other)).status_code for other in during]
        slow.released.set()
        return Burst(await asyncio.gather(*sent), statuses)
