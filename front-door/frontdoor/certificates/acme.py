"""Certificates of a public authority by ACME, with certbot."""

import logging
import subprocess
import sys
from pathlib import Path

from frontdoor.certificates.store import Pair

# Certbot waits for the authority. A challenge takes seconds.
TIMEOUT_SECONDS = 300

log = logging.getLogger(__name__)


class Acme:
    """Gets and renews the certificate of one domain. Certbot decides when a renewal is due."""

    def __init__(self, folder: Path, challenges: Path, domain: str, email: str, server: str) -> None:
        self._folder = folder
        self._domain = domain
        contact = ["--email", email] if email else ["--register-unsafely-without-email"]
        self._command = [
            sys.executable,
            "-c",
            "from certbot.main import main; raise SystemExit(main())",
            "certonly",
            "--webroot",
            f"--webroot-path={challenges}",
            f"--domain={domain}",
            f"--cert-name={domain}",
            "--keep-until-expiring",
            "--non-interactive",
            "--agree-tos",
            "--no-eff-email",
            *contact,
            *([f"--server={server}"] if server else []),
            f"--config-dir={folder}",
            f"--work-dir={folder / 'work'}",
            f"--logs-dir={folder / 'logs'}",
            "--max-log-backups=5",
        ]

    def renew(self) -> Pair:
        """Return the certificate, a new one if it is due. Raises ValueError with certbot's reason."""
        done = subprocess.run(  # noqa: S603 - the settings are checked, and no shell reads them
            self._command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
        if done.returncode:
            raise ValueError(f"certbot: {_reason(done.stdout + done.stderr)}")
        live = self._folder / "live" / self._domain
        return Pair((live / "fullchain.pem").read_bytes(), (live / "privkey.pem").read_bytes())


def _reason(output: str) -> str:
    """Return what certbot says of the failure, on one line."""
    lines = [line.strip() for line in output.splitlines()]
    kept = [
        line for line in lines if line and not line.startswith(("Saving debug log", "Ask for help", "- -"))
    ]
    return " ".join(kept)[-1000:] or "it gave no reason"
