"""Decides when a certificate is due, and where it comes from."""

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Protocol

from frontdoor.certificates import metrics
from frontdoor.certificates.authority import Authority, placeholder
from frontdoor.certificates.store import PLACEHOLDER, Folder, Pair

# An authority's certificate is renewed with a third of its time left.
RENEWED_BEFORE = 30 * 86400
CHECK_SECONDS = 12 * 3600
# Let's Encrypt allows five failed validations of a name in an hour.
FIRST_RETRY = 15 * 60
LAST_RETRY = 3600

log = logging.getLogger(__name__)


class Source(Protocol):
    """Where certificates come from."""

    name: str

    def renew(self, current: Pair | None) -> Pair | None:
        """Return a new pair, or None if the current one stays. Raises ValueError with the reason."""


class OfAuthority:
    """The stack's own authority issues them."""

    name = "internal"

    def __init__(self, authority: Authority, domain: str) -> None:
        self._authority = authority
        self._domain = domain

    def renew(self, current: Pair | None) -> Pair | None:
        """Issue a new pair if the current one is of another authority or domain, or expires soon."""
        fits = (
            current is not None
            and self._authority.issued(current)
            and current.covers(self._domain or "localhost")
            and current.expires - time.time() > RENEWED_BEFORE
        )
        return None if fits else self._authority.issue(self._domain)


class Given:
    """The user's files."""

    name = "files"

    def __init__(self, load: Callable[[], Pair], domain: str) -> None:
        self._load = load
        self._domain = domain

    def renew(self, current: Pair | None) -> Pair | None:
        """Take the files if they differ from what the ingress presents."""
        pair = self._load()
        if self._domain and not pair.covers(self._domain):
            names = ", ".join(sorted(pair.names)) or "no name"
            raise ValueError(f"tlsCertificate: it is for {names}, and ingress.domain is {self._domain}")
        return None if pair == current else pair


class OfAcme:
    """A public authority issues them."""

    name = "acme"

    def __init__(self, renew: Callable[[], Pair]) -> None:
        self._renew = renew

    def renew(self, current: Pair | None) -> Pair | None:
        """Ask certbot, which asks the authority only if a renewal is due."""
        pair = self._renew()
        return None if pair == current else pair


class Renewal:
    """Keeps the certificate of the ingress valid, in a thread."""

    def __init__(self, folder: Folder, source: Source, domain: str) -> None:
        self._folder = folder
        self._source = source
        self._domain = domain
        self._failures = 0
        self.problem = ""

    @property
    def needs_user(self) -> bool:
        """Whether only the user can solve a problem: the files are wrong."""
        return self._source.name == Given.name

    def begin(self) -> None:
        """Let the ingress present something, then renew for as long as the process lives."""
        if self._folder.current() is None:
            self._folder.present(placeholder(self._domain), PLACEHOLDER)
        metrics.show(self._folder)
        threading.Thread(target=self._run, name="renewal", daemon=True).start()

    def once(self) -> float:
        """Renew if it is due. Return the seconds until the next check."""
        try:
            pair = self._source.renew(self._folder.current())
        except Exception as error:
            self._failures += 1
            self.problem = str(error) or type(error).__name__
            metrics.FAILURES.inc()
            wait = min(FIRST_RETRY * self._failures, LAST_RETRY)
            log.error("the certificate was not renewed, next attempt in %d min: %s", wait // 60, self.problem)
            return wait
        self._failures, self.problem = 0, ""
        if pair:
            self._folder.present(pair, self._source.name)
            log.info("the ingress presents a new certificate for %s", ", ".join(sorted(pair.names)))
        metrics.SUCCESS.set_to_current_time()
        metrics.show(self._folder)
        return CHECK_SECONDS * random.uniform(0.9, 1.1)  # noqa: S311 - spreads requests

    def _run(self) -> None:
        while True:
            time.sleep(self.once())
