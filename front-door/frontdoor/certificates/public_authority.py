"""Certificates of a public authority, by ACME. Certbot talks to the authority.

Certbot decides when to renew: when the authority suggests it (RFC 9773), or else after two thirds
of the lifetime. Certbot answers the authority's request on a separate port, to which the ingress
passes the requests for `/.well-known/acme-challenge/`.
"""

import hashlib
import logging
import re
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from frontdoor.certificates.pairs import Pair, Unusable, checked

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
CHALLENGE_PORT = 8402
LEAST_SECONDS_BETWEEN = 900
LONGEST_SECONDS = 600
CONNECT_SECONDS = 2

logger = logging.getLogger(__name__)


class PublicAuthority:
    """Certificates for some names from one ACME server. The first name is that of the certificate."""

    # The authority connects to the ingress, which starts when this program is healthy.
    needs_ingress = True

    def __init__(
        self,
        root: Path,
        names: Sequence[str],
        email: str,
        server: str,
        ingress: tuple[str, int] | None = None,
    ) -> None:
        # The account and the certificate belong to one server.
        self._folder = root / "acme" / re.sub(r"[^\w.-]+", "_", server)
        asked = hashlib.sha256(" ".join([*names, email]).encode()).hexdigest()[:16]
        self._attempt = self._folder / f"{asked}.attempt"
        self._names = names
        self._email = email
        self._server = server
        self._ingress = ingress

    def obtain(self, _current: Pair | None) -> Pair:
        """Return the certificate, which is a new one if it was due."""
        self._wait_after_attempt()
        self._wait_for_ingress()
        self._folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        self._attempt.touch()
        self._certbot()
        self._attempt.unlink()
        live = self._folder / "config" / "live" / self._names[0]
        return checked((live / "fullchain.pem").read_bytes(), (live / "privkey.pem").read_bytes())

    def _wait_after_attempt(self) -> None:
        """Wait if an attempt failed shortly before. Restarts must not use up the attempts that
        authorities allow.
        """
        if not self._attempt.exists():
            return
        passed = max(0.0, time.time() - self._attempt.stat().st_mtime)
        if passed < LEAST_SECONDS_BETWEEN:
            logger.info("the next attempt is in %d s", LEAST_SECONDS_BETWEEN - passed)
            time.sleep(LEAST_SECONDS_BETWEEN - passed)

    def _wait_for_ingress(self) -> None:
        """Wait until the ingress accepts connections. Without it, each attempt would fail."""
        while self._ingress is not None:
            try:
                socket.create_connection(self._ingress, CONNECT_SECONDS).close()
            except OSError:
                time.sleep(CONNECT_SECONDS)
            else:
                return

    def _certbot(self) -> None:
        folders = [f"--{name}-dir={self._folder / name}" for name in ("config", "work", "logs")]
        command = [
            *(sys.executable, "-c", "from certbot.main import main; raise SystemExit(main())"),
            *("certonly", "--standalone", "--non-interactive", "--agree-tos", "--keep-until-expiring"),
            *(f"--domain={name}" for name in self._names),
            # Names that were added or removed belong to the same certificate.
            *("--cert-name", self._names[0], "--renew-with-new-domains"),
            *("--server", self._server, "--no-eff-email"),
            *(["--email", self._email] if self._email else ["--register-unsafely-without-email"]),
            *("--http-01-port", str(CHALLENGE_PORT), "--max-log-backups", "5", *folders),
        ]
        try:
            done = subprocess.run(  # noqa: S603 - the settings are checked when the stack is planned  # nosec B603
                command, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise Unusable(f"{self._server} did not answer within {LONGEST_SECONDS} s") from error
        if done.returncode != 0:
            raise Unusable(_reason(done.stdout + done.stderr))


def _reason(output: str) -> str:
    """Return certbot's output, without its advice about its own files."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    useless = ("Saving debug log", "Ask for help", "Account registered", "Requesting a certificate")
    kept = [line for line in lines if not line.startswith(useless)]
    return " ".join(kept) or "certbot failed without a message"
