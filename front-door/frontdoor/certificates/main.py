"""The program: `python -m frontdoor certificates`. It serves challenges, its health and metrics.

CERTIFICATES_SOURCE        acme, files or internal
CERTIFICATES_DOMAIN        host name of the service
CERTIFICATES_EMAIL         for the authority
CERTIFICATES_ACME_SERVER   directory of the authority; by default Let's Encrypt's
CERTIFICATES_FOLDER        shared with the ingress; by default /certificates
"""

import os
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from frontdoor.certificates.acme import Acme
from frontdoor.certificates.authority import Authority
from frontdoor.certificates.renewal import Given, OfAcme, OfAuthority, Renewal, Source
from frontdoor.certificates.store import Folder, Pair, checked
from ragkit.api import problems, server, telemetry
from ragkit.api.overload import apart
from ragkit.api.problems import Problem
from ragkit.environment import or_exit, required
from ragkit.logs import configure_logs

PORT = 8000
SECRETS = Path("/run/secrets")
CHALLENGES = "/.well-known/acme-challenge"


def main(_: list[str]) -> int:
    """Serve until SIGTERM. Return the exit code."""
    # Other users of the host's volume read nothing. The group is that of nginx.
    os.umask(0o027)
    configure_logs()
    challenges = Path(os.environ.get("CERTIFICATES_CHALLENGES") or "/tmp/challenges")  # noqa: S108
    renewal = or_exit(lambda: make_renewal(challenges))
    renewal.begin()
    return server.serve(make_app(renewal, challenges), PORT, drain_seconds=0)


def make_renewal(challenges: Path) -> Renewal:
    """Return the renewal for the environment, or raise ValueError."""
    path = Path(os.environ.get("CERTIFICATES_FOLDER") or "/certificates")
    domain = os.environ.get("CERTIFICATES_DOMAIN", "")
    (challenges / CHALLENGES.lstrip("/")).mkdir(parents=True, exist_ok=True)
    return Renewal(Folder(path), _source(path, challenges, domain), domain)


def _source(path: Path, challenges: Path, domain: str) -> Source:
    kind = required("CERTIFICATES_SOURCE")
    if kind == "internal":
        return OfAuthority(Authority(path, os.environ.get("CERTIFICATES_TITLE", "ragdock")), domain)
    if kind == "files":
        return Given(_given, domain)
    if kind == "acme":
        email = os.environ.get("CERTIFICATES_EMAIL", "")
        directory = os.environ.get("CERTIFICATES_ACME_SERVER", "")
        return OfAcme(
            Acme(path / "acme", challenges, required("CERTIFICATES_DOMAIN"), email, directory).renew
        )
    raise ValueError(f"CERTIFICATES_SOURCE={kind}: must be acme, files or internal")


def _given() -> Pair:
    return checked((SECRETS / "tls-certificate").read_bytes(), (SECRETS / "tls-key").read_bytes())


def make_app(renewal: Renewal, challenges: Path) -> FastAPI:
    """Return the application."""
    app = FastAPI(title="certificates", openapi_url=None, redirect_slashes=False)
    problems.install(app)
    telemetry.install(app)
    app.mount(CHALLENGES, StaticFiles(directory=challenges / CHALLENGES.lstrip("/")), name="challenges")

    @app.get("/healthz")
    @apart
    def healthz(_: Request) -> JSONResponse:
        # An authority can be out of reach for days before anyone notices. Files are right or wrong.
        if renewal.problem and renewal.needs_user:
            raise Problem(503, renewal.problem)
        return JSONResponse({"status": "ok"})

    return app
