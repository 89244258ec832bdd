"""Refuses bodies that are too large, before or while they are read. Extra: api."""

from collections.abc import Collection
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# JSON is in memory as a whole before a route sees it. The longest question has 48 KB, with each
# character as two escapes.
JSON_BYTES = 64 * 1024
# Room for the multipart form around a file of exactly the maximum size.
FORM_BYTES = 64 * 1024


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
            if seen > limit:
                raise _too_large(detail)
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise _too_large(detail)
            return message

        await self._app(scope, counted, send)

    def _limit(self, scope: Scope, headers: Headers) -> tuple[int, str]:
        """Return the largest body of this request in bytes, and the reason for the rest."""
        uploads = self._uploads
        if scope["path"] in uploads.paths and is_form(headers):
            return (
                uploads.max_mb * 1024 * 1024 + FORM_BYTES,
                f"larger than {uploads.setting}, which is {uploads.max_mb}",
            )
        return JSON_BYTES, f"larger than {JSON_BYTES // 1024} KB, the limit of a request without a file"


def is_form(headers: Headers) -> bool:
    """Return whether the body is a form that may hold files."""
    return headers.get("content-type", "").split(";")[0].strip().lower() == "multipart/form-data"


def _too_large(detail: str) -> HTTPException:
    # The rest of the body is not read. The connection cannot be used again.
    return HTTPException(413, detail, headers={"Connection": "close"})
