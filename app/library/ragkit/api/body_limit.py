"""Refuses bodies that are too large, before or while they are read. Extra: api."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The whole JSON body is in memory before a route sees it. The longest question takes 48 KB if each
# character is written as two escapes.
JSON_BYTES = 64 * 1024
# Room for the multipart form around a file of exactly the maximum size.
FORM_BYTES = 64 * 1024
# The largest number of bytes of a refused body that are read. They are discarded piece by piece.
REST_BYTES = 64 * 1024 * 1024
REST_SECONDS = 10.0
# Closes a connection that cannot be used again, because the rest of the body is still on it.
CLOSE = {"Connection": "close"}


@dataclass(frozen=True)
class Uploads:
    """The paths that take files, and the largest file in megabytes. The error names the setting
    that decides it."""

    paths: Collection[str]
    max_mb: int
    setting: str


class BodyLimit:
    """Raises a 413 while the route reads the body. The ordinary error handlers then answer it."""

    def __init__(self, app: ASGIApp, uploads: Uploads) -> None:
        self._app = app
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count the bytes of its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit, detail = self._limit(scope, headers)
        announced = headers.get("content-length", "0")
        seen = int(announced) if announced.isdecimal() and int(announced) > limit else 0

        async def counted() -> Message:
            nonlocal seen
            message = None if seen > limit else await receive()
            seen += len(message.get("body", b"")) if message else 0
            if message is None or seen > limit:
                more = message is None or message.get("more_body", False)
                complete = not more or await read_rest(receive)
                raise HTTPException(413, detail, headers=None if complete else CLOSE)
            return message

        await self._app(scope, counted, send)

    def _limit(self, scope: Scope, headers: Headers) -> tuple[int, str]:
        """Return the largest body of this request in bytes, and the error for a larger one."""
        uploads = self._uploads
        if scope["path"] in uploads.paths and is_form(headers):
            return (
                uploads.max_mb * 1024 * 1024 + FORM_BYTES,
                f"larger than {uploads.setting}, which is {uploads.max_mb}",
            )
        return JSON_BYTES, f"larger than {JSON_BYTES // 1024} KB, the limit for a request without a file"


def is_form(headers: Headers) -> bool:
    """Return whether the body is a form that may contain files."""
    return headers.get("content-type", "").split(";")[0].strip().lower() == "multipart/form-data"


async def read_rest(receive: Receive) -> bool:
    """Discard the rest of a refused body. Return False when it is too long or too slow.

    If the connection closed while a client or a proxy still sends, the client could lose the
    answer.
    """
    size = 0
    try:
        async with asyncio.timeout(REST_SECONDS):
            while size <= REST_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body"):
                    return True
    except (TimeoutError, HTTPException):
        return False
    return False
