"""The metrics of the service. `ragkit.api.telemetry` has those of HTTP requests."""

import time
from collections.abc import Iterable

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from frontdoor.auth.database import Database

CHECKS = Counter("frontdoor_checks", "Requests that the gateway asked the sign-in to check.", ["result"])
CHECK_SECONDS = Histogram(
    "frontdoor_check_duration_seconds",
    "Time to check a request.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5),
)
DENIALS = Counter("frontdoor_denials", "Requests that were denied.", ["reason"])
SIGN_INS = Counter("frontdoor_sign_ins", "Attempts to sign in.", ["provider", "result"])
AUDIT_DROPPED = Counter("frontdoor_audit_dropped", "Events that could not be written to the audit log.")

SOON_SECONDS = 14 * 86400


class StoreCollector(Collector):
    """Counts what the database holds. All replicas report the same numbers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterable[Metric]:
        """Count users, sessions and keys."""
        now = time.time()
        usable = "FROM keys WHERE revoked IS NULL AND (expires IS NULL OR expires > ?)"
        yield self._gauge("frontdoor_users", "Built-in users.", "FROM users")
        yield self._gauge("frontdoor_sessions", "Sessions of people.", "FROM sessions WHERE expires > ?", now)
        yield self._gauge("frontdoor_keys", "API keys that are valid.", usable, now)
        yield self._gauge(
            "frontdoor_keys_expiring",
            "API keys that expire within 14 days.",
            f"{usable} AND expires <= ?",
            now,
            now + SOON_SECONDS,
        )

    def _gauge(self, name: str, description: str, counted: str, *values: float) -> Metric:
        rows = self._database.read(f"SELECT count(*) {counted}", *values)
        return GaugeMetricFamily(name, description, value=rows[0][0])
