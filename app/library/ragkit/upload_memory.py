"""Limits the memory of the files that people choose in Streamlit pages. Extra: pages.

Streamlit keeps each file in memory as soon as it is chosen. It limits the size of a file, but not
the number of files: a UI with 512 MiB ran out of memory with 15 files of 25 MB.
"""

import os
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config
from streamlit.runtime import Runtime, get_instance
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

PATH = "/_stcore/upload_file/"
# The limit of one session in MB. The first name is that of the reference application.
SETTINGS = ("RAG_MAX_SESSION_UPLOAD_MB", "MAX_SESSION_UPLOAD_MB")
DEFAULT_MB = 100
# All sessions together may keep as much as this number of sessions.
SESSIONS = 2
MAX_FILES = 200
MB = 1024 * 1024


def session_mb() -> int:
    """Return the limit of one session in MB. Raises ValueError for a wrong setting.

    The default is at least the size of the largest file with its form.
    """
    for name in SETTINGS:
        if value := os.environ.get(name):
            if not value.isdecimal() or not 1 <= int(value) <= 100_000:
                raise ValueError(f"{name}={value}: must be a whole number from 1 to 100000")
            return int(value)
    return max(DEFAULT_MB, int(config.get_option("server.maxUploadSize")) + 1)


def explanation() -> str:
    """Return the text about the limit for the page."""
    return f"At most {MAX_FILES} files and {session_mb()} MB at a time."


@dataclass
class Budget:
    """The sizes of the files that are arriving, by session and file.

    For files that have arrived, Streamlit has the sizes.
    """

    arriving: dict[tuple[str, str], int] = field(default_factory=dict)

    def refusal(self, files: MemoryUploadedFileManager, session: str, size: int) -> str:
        """Return why the session cannot have a file of this size, or "" if it can."""
        limit = session_mb()
        sizes = self._sizes(files)
        own = [kept for (owner, _), kept in sizes.items() if owner == session]
        if len(own) >= MAX_FILES:
            return f"At most {MAX_FILES} files at a time. Upload the chosen files first."
        if sum(own) + size > limit * MB:
            return f"At most {limit} MB of files at a time. Upload the chosen files first."
        if sum(sizes.values()) + size > SESSIONS * limit * MB:
            return "Other people are uploading many files at the moment. Try again in a minute."
        return ""

    def _sizes(self, files: MemoryUploadedFileManager) -> dict[tuple[str, str], int]:
        # The lists are copies, because pages remove files in other threads.
        stored = {
            (session, file.file_id): len(file.data)
            for session, kept in list(files.file_storage.items())
            for file in list(kept.values())
        }
        return self.arriving | stored


class UploadMemory:
    """Refuses a file before it is read if there is no room for it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._budget = Budget()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. An upload without room gets a 413 with the reason."""
        if scope["type"] != "http" or scope["method"] != "PUT" or PATH not in scope["path"]:
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        session, _, file = scope["path"].split(PATH)[1].partition("/")
        runtime = get_instance()
        if not announced.isdecimal():
            await PlainTextResponse("Content-Length is required.", 411)(scope, receive, send)
            return
        if not runtime.is_active_session(session):
            # Streamlit refuses such a request, and reads nothing.
            await self._app(scope, receive, send)
            return
        if reason := self._budget.refusal(_files(runtime), session, int(announced)):
            await PlainTextResponse(reason, 413)(scope, receive, send)
            return
        self._budget.arriving[session, file] = int(announced)
        try:
            await self._app(scope, receive, send)
        finally:
            self._budget.arriving.pop((session, file), None)


def _files(runtime: Runtime) -> MemoryUploadedFileManager:
    files = runtime.uploaded_file_mgr
    assert isinstance(files, MemoryUploadedFileManager)  # noqa: S101
    return files
