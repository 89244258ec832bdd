"""The code that the Streamlit pages of the small applications share. Extra: pages."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

import httpx
import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ragkit import upload_memory
from ragkit.markup import plain

# The file types that ragkit.readers accepts.
FILE_TYPES = ["md", "markdown", "txt", "text", "html", "htm", "pdf"]


SIGNED_OUT = "Your sign-in has ended. Reload this page to sign in again."
# The path of the gateway where the visitor signs out.
SIGN_OUT = "/.ragdock/sign-out"


def choose_files() -> list[Any]:
    """Show the widget for files and its limits. Return the chosen files."""
    files = st.file_uploader("Markdown, text, HTML or PDF", type=FILE_TYPES, accept_multiple_files=True)
    st.caption(upload_memory.explanation())
    return list(files or [])


def one_by_one(files: Iterable[Any]) -> Iterator[Any]:
    """Yield each file, and free its memory when the caller asks for the next one."""
    context = get_script_run_ctx()
    for file in files:
        try:
            yield file
        finally:
            if context and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
                context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
            file.close()


def as_visitor() -> dict[str, str]:
    """Return the headers with which the API treats a request as a request of this page's visitor."""
    headers = st.context.headers
    sent = {"Cookie": headers.get("Cookie"), "X-Real-IP": headers.get("X-Real-IP")}
    return {name: value for name, value in sent.items() if value}


def show_visitor() -> None:
    """Show in the sidebar who is signed in, and a link to sign out. Without a sign-in, show
    nothing."""
    name, role = st.context.headers.get("X-Forwarded-User"), st.context.headers.get("X-Ragdock-Role")
    if name:
        with st.sidebar:
            st.caption(plain(f"Signed in as {unquote(name)} ({role})"))
            st.html(f'<a href="{SIGN_OUT}" target="_self">Sign out</a>')


def call(http: httpx.Client, method: str, path: str, **options: Any) -> Any:
    """Return the JSON that the API answers. When the call fails, show the reason and return
    None."""
    try:
        answer = http.request(method, path, headers=as_visitor(), **options)
        body = answer.json() if answer.content else {}
    except httpx.HTTPError as error:
        st.error(plain(f"The API does not answer at {http.base_url} ({error or type(error).__name__})."))
        return None
    except ValueError:
        st.error(f"The API answers {answer.status_code} without a message.")
        return None
    if answer.is_success:
        return body
    if answer.status_code == 401:
        st.error(SIGNED_OUT)
        return None
    detail = body.get("detail") if isinstance(body, dict) else None
    st.error(plain(f"{answer.status_code}: {detail}" if detail else f"The API answers {answer.status_code}."))
    return None


def show_sources(sources: list[dict[str, Any]]) -> None:
    """Show the passages that an answer is based on, each in a box that opens."""
    for number, source in enumerate(sources, start=1):
        title = f"[{number}] {source['document']}, passage {source['chunk'] + 1} ({source['score']:.2f})"
        with st.expander(plain(title)):
            # Shown as plain text, so that the markup of a passage does not become part of the page.
            st.text(source["text"])
