"""The person or the program behind a request. Extra: api.

If a stack has a sign-in, the gateway adds a signed token to each request. An application refuses
requests without one, so that another container cannot act for a person.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import jwt
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ragkit.api.problems import Problem, render
from ragkit.secret_files import read_secret

HEADER = "X-Ragdock-Identity"
ISSUER = "ragdock"
ALGORITHM = "HS256"
# The clocks of containers on one host do not differ. The tolerance covers the rounding of the
# token's times to seconds.
LEEWAY = 5
# The checks of Docker, of the gateway and of Prometheus come from the system's own networks.
OPEN_PATHS = frozenset({"/health", "/api/health", "/api/ready", "/metrics"})


@dataclass(frozen=True)
class Identity:
    """Who sends a request. The subject is unique: `user:anna`, `oidc:248289` or `key:ci`."""

    subject: str
    name: str
    role: Literal["reader", "editor", "admin"]

    @property
    def may_change_all(self) -> bool:
        """Whether documents of others may be changed too."""
        return self.role == "admin"


def install(app: FastAPI) -> None:
    """Refuse requests without a valid token, if IDENTITY_KEY_FILE names the key of the tokens.

    IDENTITY_AUDIENCE is the stack. A token of another stack is refused.
    """
    file = os.environ.get("IDENTITY_KEY_FILE")
    if file:
        app.add_middleware(RequireIdentity, read_secret(Path(file)), os.environ.get("IDENTITY_AUDIENCE", ""))


def identity_of(request: Request) -> Identity | None:
    """Return who sends the request. None if the stack has no sign-in. A dependency of FastAPI."""
    return request.scope.get("identity")


class RequireIdentity:
    """Answers 401 to requests without a valid token, except to checks of health and metrics."""

    def __init__(self, app: ASGIApp, key: str, audience: str) -> None:
        self._app = app
        self._key = key
        self._audience = audience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with its identity in the scope."""
        if scope["type"] == "http" and not (scope["method"] == "GET" and scope["path"] in OPEN_PATHS):
            identity = self._identity(Headers(scope=scope).get(HEADER, ""))
            if identity is None:
                problem = Problem(401, "this request did not come through the gateway of the stack")
                await render(problem, {"Connection": "close"})(scope, receive, send)
                return
            scope["identity"] = identity
        await self._app(scope, receive, send)

    def _identity(self, token: str) -> Identity | None:
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=ISSUER,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub", "name", "role"]},
            )
        except jwt.InvalidTokenError:
            return None
        if claims["role"] not in ("reader", "editor", "admin"):
            return None
        return Identity(subject=claims["sub"], name=claims["name"], role=claims["role"])
