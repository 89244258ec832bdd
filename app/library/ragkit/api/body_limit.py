"""Refuses bodies that are too large, before or while they are read. Extra: api."""

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Room for the multipart form around a file of exactly the maximum size.
FORM_BYTES = 64 * 1024


def install(app: FastAPI, max_mb: int, setting: str) -> None:
    """Refuse uploads of more than `max_mb` megabytes. The error names the setting that decides
    it."""
    app.add_middleware(
        BodyLimit, max_mb * 1024 * 1024 + FORM_BYTES, f"larger than {setting}, which is {max_mb}"
    )


class BodyLimit:
    """Raises a 413 while the route reads the body. The ordinary error handlers then answer it."""

    def __init__(self, app: ASGIApp, limit: int, detail: str) -> None:
        self._app = app
        self._limit = limit
        self._detail = detail

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count the bytes of its body."""
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
        # The rest of the body is not read. The connection cannot be used again.
        return HTTPException(413, self._detail, headers={"Connection": "close"})
