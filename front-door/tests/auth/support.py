"""A gateway for tests: it asks the service as nginx does, and passes on the public pages."""

import re
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from frontdoor.auth import app, passwords, service
from frontdoor.auth.database import Database
from frontdoor.auth.people import People
from frontdoor.auth.roles import Role
from frontdoor.auth.service import Service
from frontdoor.auth.settings import Secrets, Settings

IDENTITY_KEY = "the-key-of-the-identity-tokens-of-tests"
PASSWORD = "correct horse battery staple"
ADDRESS = "192.0.2.7"
TOKEN_FIELD = re.compile(r'name="token" value="([^"]+)"')

SETTINGS: dict[str, Any] = {
    "audience": "ragdock-test",
    "secureCookies": False,
    "replicas": 1,
    "title": "ragdock-test",
    "signIn": {"users": True},
    "roles": {"admin": [], "editor": [], "reader": [], "default": "reader"},
    "limits": {"requests": 1200, "questions": 60, "uploads": 60},
    "access": [
        {
            "service": "api",
            "path": "/api/query",
            "methods": ["POST"],
            "role": "reader",
            "counts": "questions",
        },
        {
            "service": "api",
            "path": "/api/documents",
            "methods": ["POST"],
            "role": "editor",
            "counts": "uploads",
        },
        {"service": "grafana", "path": "/monitoring/", "prefix": True, "role": "admin"},
        {"service": "api", "path": "/api/secret", "methods": ["GET"], "role": "admin"},
    ],
    "apiPaths": [{"service": "api", "path": "/api/"}],
}
# A hash of production takes 50 ms and 64 MiB. Tests compute hundreds.
PRODUCTION = passwords._hasher
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
# One hash for all users of tests.
HASH = passwords.hashed(PASSWORD)


@dataclass
class Clock:
    """A clock that tests can set."""

    now: float = 1_000_020.0

    def __call__(self) -> float:
        return self.now


def settings(**changes: Any) -> Settings:
    """Return the settings of tests, with some changed."""
    return Settings.model_validate({**SETTINGS, **changes})


@dataclass
class Gateway:
    """Sends requests as the gateway does."""

    service: Service
    client: TestClient
    clock: Clock = field(default_factory=Clock)

    def add_user(self, name: str, role: Role = "reader") -> None:
        """Add a user whose password is PASSWORD."""
        People(self.service.database, "test").add(name, role, f"{name}@example.org", HASH)

    def add_key(self, name: str, role: Role = "reader", expires: float | None = None) -> str:
        """Return a new API key."""
        return self.service.keys.create(name, role, expires, "test")

    def check(
        self, uri: str = "/", method: str = "GET", service: str = "", **headers: str
    ) -> httpx2.Response:
        """Check whether a request is allowed. Underscores in names of headers become hyphens."""
        return self._ask("/check", uri, method, service, headers)

    def refusal(
        self, uri: str = "/", method: str = "GET", service: str = "", **headers: str
    ) -> httpx2.Response:
        """Return what the client sees of a request that is refused."""
        checked = self.check(uri, method, service, **headers)
        assert checked.status_code in (401, 403)
        reason = {"x_ragdock_refusal": checked.headers["x-ragdock-refusal"]}
        return self._ask("/refused", uri, method, service, {**headers, **reason})

    def form_token(self, page: str = "/.ragdock/sign-in") -> str:
        """Open a page with a form and return its token."""
        found = TOKEN_FIELD.search(self.client.get(page).text)
        assert found
        return found[1]

    def sign_in(
        self, name: str, password: str = PASSWORD, target: str = "/", address: str = ADDRESS
    ) -> httpx2.Response:
        """Send the form. An existing session is not sent."""
        self.client.cookies.delete("ragdock")
        form = {"name": name, "password": password, "next": target, "token": self.form_token()}
        return self.client.post("/.ragdock/sign-in", data=form, headers={"X-Real-IP": address})

    def sign_out(self) -> httpx2.Response:
        """Press the button to sign out."""
        token = self.form_token("/.ragdock/sign-out")
        return self.client.post("/.ragdock/sign-out", data={"token": token}, headers={"X-Real-IP": ADDRESS})

    def audited(self) -> list[sqlite3.Row]:
        """Return the audit log."""
        self.service.audit.flush()
        return self.service.database.read("SELECT * FROM audit ORDER BY time, id")

    def _ask(
        self, route: str, uri: str, method: str, service: str, headers: dict[str, str]
    ) -> httpx2.Response:
        sent = {
            "x-original-method": method,
            "x-original-uri": uri,
            "x-ragdock-service": service,
            "x-real-ip": ADDRESS,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.client.get(route, headers=sent)


def gateway_of(path: Path, changed: Settings, client_secret: str = "") -> Gateway:
    """Return a gateway in front of a service with its own database."""
    clock = Clock()
    parts = service.build(changed, Secrets(IDENTITY_KEY, client_secret), Database(path), clock)
    client = TestClient(app.create(parts), follow_redirects=False)
    return Gateway(parts, client, clock)


def at_provider(gateway: Gateway, target: str = "/docs") -> str:
    """Begin a sign-in, sign in at the provider, and return the address to come back to."""
    begun = gateway.client.get("/.ragdock/sign-in", params={"next": target})
    assert begun.status_code == 303, begun.text
    answer = httpx2.get(begun.headers["location"])
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removeprefix("http://testserver")


def sign_in(gateway: Gateway) -> httpx2.Response:
    """Sign in at the provider, and come back."""
    return gateway.client.get(at_provider(gateway), headers={"X-Real-IP": "192.0.2.7"})
