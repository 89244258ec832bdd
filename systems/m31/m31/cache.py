"""A cache of answers in Redis. Without Redis every answer is computed."""

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

import redis
from prometheus_client import Counter
from redis.backoff import NoBackoff
from redis.retry import Retry

from m31.settings import Settings

CACHE = Counter("m31_cache", "Look-ups of answers in the cache.", ["result"])
for _result in ("hit", "miss", "error"):
    CACHE.labels(_result)

KEEP_SECONDS = 3600
# Seconds without the cache after an error, because each request to a lost host may take the whole
# timeout.
PAUSE_SECONDS = 5.0


def connect(settings: Settings) -> "redis.Redis":
    """Return a client that connects at its first use and gives up after half a second."""
    return redis.Redis(
        host=settings.redis_host,
        port=settings.redis_port,
        username=settings.redis_user,
        password=settings.redis_password,
        ssl=settings.redis_tls != "disable",
        ssl_cert_reqs="required" if settings.redis_tls == "verify-full" else "none",
        ssl_check_hostname=settings.redis_tls == "verify-full",
        ssl_ca_certs=settings.redis_tls_authority,
        socket_timeout=0.5,
        socket_connect_timeout=0.5,
        retry=Retry(NoBackoff(), 0),
    )


class AnswerCache:
    """The answers, by question, number of passages and version of the documents."""

    def __init__(self, client: Any, version: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._version = version
        self._clock = clock
        self._resume = 0.0

    def get(self, question: str, k: int) -> dict[str, Any] | None:
        """Return the cached answer. Return None when there is none or Redis does not answer."""
        if self._clock() < self._resume:
            CACHE.labels("error").inc()
            return None
        try:
            kept = self._client.get(self._key(question, k))
        except redis.RedisError:
            self._failed()
            return None
        CACHE.labels("miss" if kept is None else "hit").inc()
        return None if kept is None else dict(json.loads(kept))

    def put(self, question: str, k: int, answer: dict[str, Any]) -> None:
        """Store an answer for an hour."""
        if self._clock() < self._resume:
            return
        try:
            self._client.set(self._key(question, k), json.dumps(answer), ex=KEEP_SECONDS)
        except redis.RedisError:
            self._failed()

    def state(self) -> str:
        """Return "ok" or "down"."""
        try:
            self._client.ping()
        except redis.RedisError:
            return "down"
        return "ok"

    def _failed(self) -> None:
        CACHE.labels("error").inc()
        self._resume = self._clock() + PAUSE_SECONDS

    def _key(self, question: str, k: int) -> str:
        asked = json.dumps([question, k])
        return f"m31:answer:{self._version}:{hashlib.sha256(asked.encode()).hexdigest()}"
