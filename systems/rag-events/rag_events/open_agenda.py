"""Reads the events of an agenda from version 2 of Open Agenda's API.

https://developers.openagenda.com/en/evenements/lecture: the key is the header `key`, a page has at
most 300 events, and `after` of an answer asks for the next page.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import httpx

from ragkit.errors import Refused, Unavailable

log = logging.getLogger(__name__)

NAME = "Open Agenda"
URL = "https://api.openagenda.com"
PAGE = 100
TRIES = 5
# A service that asks for a longer pause is reported as unavailable.
MAX_PAUSE_SECONDS = 120.0
TIMEOUT_SECONDS = 30.0

type Event = dict[str, Any]


class OpenAgenda:
    """One agenda. Requests are repeated on 429, 5xx, timeouts and lost connections."""

    def __init__(
        self,
        agenda: str,
        language: str,
        key: Callable[[], str],
        url: str = URL,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Create the client. The key is read for each request."""
        self._path = f"/v2/agendas/{agenda}/events"
        self._agenda = agenda
        self._language = language
        self._key = key
        self._sleep = sleep
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS)

    def pages(self, since: datetime) -> Iterator[list[Event]]:
        """Yield the published events that take place after a time, in pages.

        Raises Unavailable when the service does not answer, and Refused when it refuses the key or
        does not know the agenda.
        """
        parameters: dict[str, Any] = {
            "size": PAGE,
            "detailed": 1,
            "monolingual": self._language,
            "timings[gte]": since.isoformat(timespec="seconds"),
        }
        seen: list[Any] = []
        while True:
            answer = self._get(parameters)
            events, after = answer.get("events"), answer.get("after")
            if not isinstance(events, list):
                raise Unavailable(NAME, "the answer has no list of events")
            if events:
                yield [event for event in events if isinstance(event, dict)]
            # A cursor that comes again would never end.
            if not events or not after or after in seen:
                return
            seen.append(after)
            parameters["after[]"] = after

    def _get(self, parameters: dict[str, Any]) -> dict[str, Any]:
        for attempt in range(1, TRIES + 1):
            pause = min(2.0**attempt, 30) * random.uniform(0.5, 1)  # noqa: S311 - spreads the retries, is no secret  # nosec B311
            try:
                response = self._http.get(self._path, params=parameters, headers={"key": self._key()})
            except httpx.HTTPError as error:
                reason = f"does not answer ({error or type(error).__name__})"
            else:
                reason = self._failure(response)
                if not reason:
                    return _json(response)
                pause = _retry_after(response) or pause
            if attempt == TRIES or pause > MAX_PAUSE_SECONDS:
                break
            log.warning("%s %s; trying again in %.1f s", NAME, reason, pause)
            self._sleep(pause)
        raise Unavailable(NAME, reason)

    def _failure(self, response: httpx.Response) -> str:
        """Return what is wrong if another try may help, or "" if nothing is. Raises Refused
        otherwise."""
        status = response.status_code
        if status == httpx.codes.OK:
            return ""
        if status in (401, 403):
            raise Refused(f"{NAME} answers {status}: the key is wrong, or may not read this agenda")
        if status == httpx.codes.NOT_FOUND:
            raise Refused(f"{NAME} has no agenda {self._agenda}; its number is on the page of the agenda")
        if status < 500 and status not in (408, 429):
            raise Refused(f"{NAME} answers {status}")
        return f"answers {status}"


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError as error:
        raise Unavailable(NAME, "the answer is not JSON") from error
    if not isinstance(answer, dict):
        raise Unavailable(NAME, "the answer is not a JSON object")
    return answer


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that Retry-After asks for."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None
