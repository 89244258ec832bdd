"""The client of the API. Every failure becomes an ApiError whose message the pages show."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import streamlit as st

from ragapp.ui.config import API_URL
from ragkit.event_stream import read_events
from ragkit.pages import SIGNED_OUT, as_visitor


class ApiError(Exception):
    """The error that the API reports, or that the API does not answer."""


@dataclass(frozen=True)
class Event:
    """A server-sent event."""

    name: str
    data: dict[str, Any]


@st.cache_resource
def _http() -> httpx.Client:
    return httpx.Client(base_url=API_URL, timeout=httpx.Timeout(120, connect=3))


def documents() -> dict[str, Any]:
    """Return the newest documents and the number of all."""
    return _json("GET", "/api/documents", params={"limit": 500})


def upload(name: str, content: bytes, media_type: str) -> dict[str, Any]:
    """Upload a document."""
    return _json("POST", "/api/documents", files={"file": (name, content, media_type)})


def delete(document_id: str) -> None:
    """Delete a document."""
    _json("DELETE", f"/api/documents/{document_id}")


def readiness() -> dict[str, Any]:
    """Return the API's dependencies and whether each can be used."""
    return _json("GET", "/api/ready", accept_status=503)


def ask(question: str, k: int) -> Iterator[Event]:
    """Yield the events of an answer: sources, tokens, done or error."""
    body = {"question": question, "k": k}
    try:
        with _http().stream(
            "POST", "/api/query", json=body, headers={**as_visitor(), "Accept": "text/event-stream"}
        ) as answer:
            if answer.status_code >= 400:
                answer.read()
                raise ApiError(_detail(answer))
            for event in read_events(answer.iter_bytes()):
                yield Event(event.name, json.loads(event.data))
    except httpx.HTTPError as error:
        raise ApiError(_unreachable(error)) from error


def _json(method: str, path: str, accept_status: int = 0, **options: Any) -> dict[str, Any]:
    try:
        answer = _http().request(method, path, headers=as_visitor(), **options)
    except httpx.HTTPError as error:
        raise ApiError(_unreachable(error)) from error
    if answer.status_code >= 400 and answer.status_code != accept_status:
        raise ApiError(_detail(answer))
    try:
        return dict(answer.json()) if answer.content else {}
    except ValueError as error:
        raise ApiError(f"The API answers {answer.status_code} without a message.") from error


def _detail(answer: httpx.Response) -> str:
    if answer.status_code == 401:
        return SIGNED_OUT
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"The API answers {answer.status_code}."


def _unreachable(error: httpx.HTTPError) -> str:
    return f"The API does not answer at {API_URL} ({error or type(error).__name__})."
