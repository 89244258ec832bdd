"""A small OpenID Connect provider for tests, with its own RSA key, over HTTP on loopback.

It is strict where a provider should be: codes work once, and need the right client, address and
PKCE verifier. Tests make it misbehave through the fields of `Misbehaviour`. As a program:

    python issuer.py --port 9000 --user '{"sub": "1", "email": "anna@example.org", "groups": ["ops"]}'

With several users, its page has a button for each. It does not prove how real providers behave.
"""

import argparse
import base64
import hashlib
import html
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

Claims = dict[str, Any]


@dataclass
class Misbehaviour:
    """The faults that a test turns on in the provider. Empty: nothing."""

    claims: Claims = field(default_factory=dict)
    algorithm: str = "RS256"
    signs_with_foreign_key: bool = False
    named_algorithms: list[str] = field(default_factory=lambda: ["RS256"])
    hidden_claims: tuple[str, ...] = ()
    userinfo: Claims = field(default_factory=dict)
    is_down: bool = False
    redirects_to: str = ""
    metadata: Claims = field(default_factory=dict)


class Issuer:
    """The provider: its people, its client and its keys."""

    def __init__(self, url: str, users: list[Claims], client_id: str, client_secret: str) -> None:
        self.url = url
        self.users = users
        self.client_id = client_id
        self.client_secret = client_secret
        self.wrong = Misbehaviour()
        self.requests: list[str] = []
        self._codes: dict[str, tuple[Claims, dict[str, str]]] = {}
        self.tokens: dict[str, Claims] = {}
        self._foreign_key = rsa.generate_private_key(65537, 2048)
        self.rotate()

    def rotate(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self.key_id = secrets.token_hex(4)

    def metadata(self) -> Claims:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "end_session_endpoint": f"{self.url}/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": self.wrong.named_algorithms,
            "code_challenge_methods_supported": ["S256"],
            **self.wrong.metadata,
        }

    def keys(self) -> Claims:
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self.key_id, "use": "sig"}]}

    def authorize(self, query: dict[str, str], user: Claims) -> str:
        """Return the address to which a person goes back after signing in."""
        assert query["client_id"] == self.client_id
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = (user, query)
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> Claims | None:
        """Return tokens for a code, or None if anything about the request is wrong."""
        expected = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        user, query = self._codes.pop(form.get("code", ""), ({}, {}))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            authorization != f"Basic {expected}"
            or challenge != query.get("code_challenge")
            or form.get("redirect_uri") != query.get("redirect_uri")
        ):
            return None
        access_token = secrets.token_urlsafe(16)
        self.tokens[access_token] = {**user, **self.wrong.userinfo}
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self._id_token(user, query["nonce"]),
        }

    def _id_token(self, user: Claims, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **{name: value for name, value in user.items() if name not in self.wrong.hidden_claims},
            **self.wrong.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        key: Any = self._foreign_key if self.wrong.signs_with_foreign_key else self.key
        if self.wrong.algorithm == "none":
            key = None
        elif self.wrong.algorithm == "HS256":
            key = self.client_secret.ljust(32, "_")
        return jwt.encode(claims, key, algorithm=self.wrong.algorithm, headers={"kid": self.key_id})


class _Handler(BaseHTTPRequestHandler):
    @property
    def issuer(self) -> Issuer:
        return self.server.issuer  # type: ignore[attr-defined, no-any-return]

    def do_GET(self) -> None:
        path, query = self._path()
        issuer = self.issuer
        if issuer.wrong.is_down:
            self._answer(503, "down")
        elif issuer.wrong.redirects_to:
            self._redirect(issuer.wrong.redirects_to)
        elif path == "/.well-known/openid-configuration":
            self._json(issuer.metadata())
        elif path == "/jwks":
            self._json(issuer.keys())
        elif path == "/authorize":
            self._sign_in(query)
        elif path == "/userinfo":
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            self._json(issuer.tokens.get(token))
        elif path == "/logout":
            self._redirect(query["post_logout_redirect_uri"])
        else:
            self._answer(200, "<h1>Test provider</h1>")

    def do_POST(self) -> None:
        path, _ = self._path()
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if path != "/token" or self.issuer.wrong.is_down:
            return self._answer(503, "down")
        form = {name: values[0] for name, values in parse_qs(body).items()}
        return self._json(self.issuer.token(form, self.headers.get("Authorization", "")))

    def _sign_in(self, query: dict[str, str]) -> None:
        users = self.issuer.users
        chosen = query.pop("user", "0" if len(users) == 1 else "")
        if chosen:
            return self._redirect(self.issuer.authorize(query, users[int(chosen)]))
        fields = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in query.items()
        )
        buttons = "".join(
            f'<button name="user" value="{number}">{html.escape(user.get("email") or user["sub"])}</button>'
            for number, user in enumerate(users)
        )
        return self._answer(200, f"<h1>Test provider</h1><form>{fields}{buttons}</form>")

    def _path(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        self.issuer.requests.append(f"{self.command} {unquote(self.path)}")
        return parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}

    def _json(self, content: Claims | None) -> None:
        body = json.dumps(content or {"error": "invalid_grant"})
        self._answer(200 if content else 400, body, "application/json")

    def _redirect(self, address: str) -> None:
        self._answer(303, "", location=address)

    def _answer(
        self, status: int, body: str, kind: str = "text/html; charset=utf-8", location: str = ""
    ) -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - printed nowhere
        pass


@contextmanager
def running(
    users: list[Claims],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    url: str = "",
    client_id: str = "ragdock",
    client_secret: str = "secret-of-the-client",  # noqa: S107 - of this provider only
) -> Iterator[Issuer]:
    """Serve a provider during the block."""
    server = ThreadingHTTPServer((host, port), _Handler)
    issuer = Issuer(url or f"http://{host}:{server.server_port}", users, client_id, client_secret)
    server.issuer = issuer  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description="An OpenID Connect provider for tests.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--url", default="", help="the issuer, if others reach it by another address")
    parser.add_argument("--client-id", default="ragdock")
    parser.add_argument("--client-secret", default="secret-of-the-client")
    parser.add_argument("--user", dest="users", action="append", type=json.loads, required=True)
    with running(**vars(parser.parse_args())) as issuer:
        print(f"issuer {issuer.url}", flush=True)  # noqa: T201
        threading.Event().wait()


if __name__ == "__main__":
    main()
