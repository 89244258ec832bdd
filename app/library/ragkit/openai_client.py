"""A client for OpenAI-compatible endpoints: timeouts, retries, and keys that never appear in a log.

Extra: models.
"""

import json
import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from ragkit.errors import Refused, Unavailable
from ragkit.event_stream import read_events
from ragkit.metrics import PROVIDER_RETRIES
from ragkit.providers import SELF_HOSTED, ModelSettings
from ragkit.secret_files import read_secret

log = logging.getLogger(__name__)

TRIES = 4
# A provider that asks for a longer pause is reported as unavailable, because a person waits.
MAX_PAUSE_SECONDS = 20.0


class OpenAIClient:
    """Sends requests to one provider. It repeats them on 429, 5xx, timeouts and lost
    connections."""

    def __init__(
        self,
        provider: str,
        base_url: str,
        key: Callable[[], str] | None,
        timeout: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.provider = provider
        self._key = key
        self._sleep = sleep
        self._http = httpx.Client(base_url=base_url, timeout=httpx.Timeout(timeout, connect=5))

    def post(self, path: str, body: dict[str, object]) -> dict[str, Any]:
        """Return the JSON object of the answer."""
        with self._send(path, body) as response:
            response.read()
            try:
                answer = response.json()
            except json.JSONDecodeError as error:
                raise Unavailable(self.provider, "the answer is not JSON") from error
        if not isinstance(answer, dict):
            raise Unavailable(self.provider, "the answer is not a JSON object")
        return answer

    def stream(self, path: str, body: dict[str, object]) -> Iterator[dict[str, Any]]:
        """Yield the JSON of each server-sent event. An answer that has begun is never retried."""
        with self._send(path, body) as response:
            try:
                for event in read_events(response.iter_bytes()):
                    if event.data.strip() != "[DONE]":
                        yield json.loads(event.data)
            except httpx.HTTPError as error:
                raise Unavailable(self.provider, f"the answer was interrupted ({_reason(error)})") from error
            except json.JSONDecodeError as error:
                raise Unavailable(self.provider, "the answer is not JSON") from error

    def check(self) -> None:
        """Raise Unavailable when a self-hosted endpoint does not answer. Other providers are not
        called."""
        if self.provider not in SELF_HOSTED:
            return
        try:
            response = self._http.get("/models", headers=self._headers(), timeout=2)
        except httpx.HTTPError as error:
            raise Unavailable(self.provider, f"does not answer ({_reason(error)})") from error
        if response.status_code >= 500:
            raise Unavailable(self.provider, f"answers {response.status_code}")

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key()}"} if self._key else {}

    def _error_message(self, response: httpx.Response) -> str:
        """Return the provider's message without the key, which some providers repeat."""
        try:
            error = response.json().get("error") or response.json()
            message = str(error.get("message", error) if isinstance(error, dict) else error)
        except (ValueError, AttributeError):
            message = response.text
        return (message.replace(self._key(), "***") if self._key else message)[:300]

    @contextmanager
    def _send(self, path: str, body: dict[str, object]) -> Iterator[httpx.Response]:
        for attempt in range(1, TRIES + 1):
            pause = min(0.5 * 2**attempt, 8) * random.uniform(0.5, 1)  # noqa: S311 - spreads the retries, is no secret  # nosec B311
            with ExitStack() as stack:
                try:
                    request = self._http.stream("POST", path, json=body, headers=self._headers())
                    response = stack.enter_context(request)
                    reason = self._failure(response)
                    pause = _retry_after(response) or pause
                except httpx.HTTPError as error:
                    reason = f"does not answer ({_reason(error)})"
                else:
                    if not reason:
                        yield response
                        return
            if attempt == TRIES or pause > MAX_PAUSE_SECONDS:
                break
            log.warning("%s %s; trying again in %.1f s", self.provider, reason, pause)
            PROVIDER_RETRIES.labels(self.provider).inc()
            self._sleep(pause)
        raise Unavailable(self.provider, reason)

    def _failure(self, response: httpx.Response) -> str:
        """Return what is wrong if a retry may help, or "" if nothing is wrong. Raises Refused if a
        retry would not help."""
        status = response.status_code
        if status < 400:
            return ""
        response.read()
        if status in (401, 403):
            # The message omits the provider's text, because some providers repeat a part of the
            # key.
            raise Refused(
                f"{self.provider} answers {status}: the API key is missing, wrong or not allowed to do this"
            )
        if status < 500 and status not in (408, 429):
            raise Refused(f"{self.provider} answers {status}: {self._error_message(response)}")
        return f"answers {status}: {self._error_message(response)}"


def make_client(settings: ModelSettings) -> OpenAIClient:
    """Return a client for the settings. It reads the key from its file at each request."""
    key_file = settings.key_file
    return OpenAIClient(
        settings.provider,
        settings.base_url,
        key=(lambda: read_secret(key_file)) if key_file else None,
        timeout=settings.timeout,
    )


def _reason(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that Retry-After asks for, as a number or as a date."""
    value = response.headers.get("Retry-After", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
