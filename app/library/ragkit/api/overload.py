"""Limits how many questions and uploads run at once. More of them wait for a moment, or get 503.
Extra: api.

A request gets its place before its body is read and before it uses a thread. The limits together
are below the 40 threads of the server, so that other routes always find one.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial, wraps

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ragkit.api.body_limit import CLOSE, read_rest
from ragkit.api.problems import Problem, render

# Clients that give up after ten seconds still get the 503.
PATIENCE = 4.0
# An upload writes to the database and to the queue, so a busy disk stops it for seconds. A question
# only reads. Waiting costs an upload almost no memory.
UPLOAD_PATIENCE = 8.0
# An upload that announces at most this many bytes never waits for larger ones.
SMALL_BYTES = 256 * 1024
# Threads of a route that `apart` serves.
APART = 2


@dataclass(frozen=True)
class Limit:
    """The number of requests that run at once in one process, and of those that wait."""

    at_once: int
    waiting: int
    # Seconds that a request waits for its turn.
    patience: float = PATIENCE


@dataclass(frozen=True)
class Limits:
    """The limits of an application.

    Several questions run at once, because they mostly wait for the embedder and the language
    model. An upload takes up to four times its size in memory. A waiting upload takes at most 64
    KB.
    """

    questions: Limit = Limit(16, 48)
    uploads: Limit = Limit(2, 8, UPLOAD_PATIENCE)
    small_uploads: Limit = Limit(2, 200, UPLOAD_PATIENCE)


class Busy(Exception):
    """The request got no place, because too many others run or wait."""


class Gate:
    """Lets a limited number of requests through at a time.

    The newest of those that wait is next. If the oldest request were next, all requests would wait
    for the longest time during an overload.
    """

    def __init__(self, name: str, limit: Limit) -> None:
        self.name = name
        self._limit = limit
        self._free = limit.at_once
        self._waiting: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def entered(self) -> AsyncIterator[None]:
        """Hold a place during the block. Raises Busy if no place is free in time."""
        if self._free > 0:
            self._free -= 1
        else:
            await self._turn()
        try:
            yield
        finally:
            self._leave()

    async def _turn(self) -> None:
        if len(self._waiting) >= self._limit.waiting:
            raise Busy
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._limit.patience):
                await turn
        except BaseException as error:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif not turn.cancelled():
                # The request got a place at the moment when its wait ended.
                self._leave()
            if isinstance(error, TimeoutError):
                raise Busy from None
            raise

    def _leave(self) -> None:
        while self._waiting:
            turn = self._waiting.pop()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


@dataclass(frozen=True)
class Refused:
    """The route in the metrics of a refused request, which no router has handled."""

    path: str


class LoadLimit:
    """Passes questions and uploads through their gates, and all other requests directly."""

    def __init__(
        self, app: ASGIApp, questions: Collection[str], uploads: Collection[str], limits: Limits
    ) -> None:
        self._app = app
        self._question_paths = questions
        self._upload_paths = uploads
        self._questions = Gate("questions", limits.questions)
        self._uploads = Gate("uploads", limits.uploads)
        self._small_uploads = Gate("uploads", limits.small_uploads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if it gets a place. Otherwise answer 503."""
        gate = self._gate(scope)
        if gate is None:
            await self._app(scope, receive, send)
            return
        try:
            async with gate.entered():
                await self._app(scope, receive, send)
        except Busy:
            scope["route"] = Refused(scope["path"])
            complete = await read_rest(receive)
            problem = Problem(503, f"too many {gate.name} at once; try again in a moment")
            await render(problem, None if complete else CLOSE)(scope, receive, send)

    def _gate(self, scope: Scope) -> Gate | None:
        if scope["type"] != "http":
            return None
        if scope["path"] in self._question_paths:
            return self._questions
        if scope["path"] in self._upload_paths and scope["method"] == "POST":
            announced = Headers(scope=scope).get("content-length", "")
            small = announced.isdecimal() and int(announced) <= SMALL_BYTES
            return self._small_uploads if small else self._uploads
        return None


def apart[**P, R](route: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """Run a route in threads that no other route uses. This is for health, readiness and metrics."""
    limiter: CapacityLimiter | None = None

    @wraps(route)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        nonlocal limiter
        limiter = limiter or CapacityLimiter(APART)
        return await to_thread.run_sync(partial(route, *args, **kwargs), limiter=limiter)

    return run
