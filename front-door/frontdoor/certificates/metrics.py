"""The metrics of the certificate of the ingress."""

from prometheus_client import Counter, Gauge

from frontdoor.certificates.store import PLACEHOLDER, Folder

EXPIRES = Gauge("ragdock_certificate_expires_timestamp_seconds", "When the certificate expires.")
IS_PLACEHOLDER = Gauge("ragdock_certificate_placeholder", "1 until there is a certificate to trust.")
SUCCESS = Gauge("ragdock_certificate_checked_timestamp_seconds", "When a check succeeded last.")
FAILURES = Counter("ragdock_certificate_failures", "Checks that failed.")


def show(folder: Folder) -> None:
    """Measure what the ingress presents."""
    if pair := folder.current():
        EXPIRES.set(pair.expires)
        IS_PLACEHOLDER.set(folder.source == PLACEHOLDER)
