"""Refuses bodies that are too large before they are read, or while, where no length was announced."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """Raises a 413 out of the route's own reading, so that the ordinary error handlers answer it."""

    def __init__(self, app: ASGIApp, limit: int, words: str) -> None:
        self._app = app
        self._limit = limit
        self._words = words

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        seen = int(announced) if announced.isdecimal() and int(announced) > self._limit else 0

        async def counted() -> Message:
            nonlocal seen
            if seen > self._limit:
                raise self._too_large()
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                raise self._too_large()
            return message

        await self._app(scope, counted, send)

    def _too_large(self) -> HTTPException:
        # The rest of the body is not read, so the connection cannot be used again.
        return HTTPException(413, self._words, headers={"Connection": "close"})
