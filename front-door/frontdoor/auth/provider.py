"""The OpenID Connect provider: code flow with PKCE, by Authlib.

Works around two defaults of Authlib 1.9: it accepts an ID token of any audience
(`authlib/integrations/base_client/async_openid.py`, `parse_id_token`), and it accepts all
algorithms that the provider names, HS256 too. test_provider.py shows both.
"""

import time
from collections.abc import Mapping
from typing import Any

import httpx2
from authlib.integrations.starlette_client import OAuth, OAuthError, StarletteOAuth2App
from joserfc.errors import JoseError
from starlette.requests import Request

from frontdoor.auth.browser import Flow
from frontdoor.auth.provider_people import Person, person_of
from frontdoor.auth.settings import Provider
from ragkit.errors import Unavailable

DISCOVERY = "/.well-known/openid-configuration"
# A signing key that is not in the discovered set is looked up at once. All other metadata may be
# this old.
DISCOVERY_SECONDS = 3600
TIMEOUT_SECONDS = 5
LEEWAY_SECONDS = 30
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LONGEST_ID_TOKEN = 8192


class NotSignedIn(Exception):
    """The provider's answer cannot be used. The message is for the log."""


class OpenIdProvider:
    """Sends people to the provider, and checks its answers."""

    def __init__(self, settings: Provider, client_secret: str, secure: bool) -> None:
        self._settings = settings
        self._secret = client_secret
        self._secure = secure
        self._client: StarletteOAuth2App | None = None
        self._discovered = 0.0

    @property
    def issuer(self) -> str:
        """The address of the provider."""
        return self._settings.issuer

    async def sign_in_url(self, request: Request, flow: Flow, other_account: bool) -> str:
        """Return the provider's page to sign in. Raises Unavailable."""
        more = {"prompt": "select_account"} if other_account else {}
        client = await self._discover()
        answer = await client.create_authorization_url(
            self._callback(request), state=flow.state, nonce=flow.nonce, code_verifier=flow.verifier, **more
        )
        return str(answer["url"])

    async def person(self, request: Request, flow: Flow, code: str) -> tuple[Person, str]:
        """Return the person of a code, and the ID token. Raises NotSignedIn or Unavailable."""
        client = await self._discover()
        try:
            token = await client.fetch_access_token(
                redirect_uri=self._callback(request), code=code, code_verifier=flow.verifier
            )
            claims = await client.parse_id_token(
                token, flow.nonce, claims_options=self._expected(), leeway=LEEWAY_SECONDS
            )
            if claims is None:
                raise NotSignedIn("the provider sent no ID token")
            person = person_of(self.issuer, await self._completed(client, claims, token))
        except httpx2.HTTPError as error:
            raise Unavailable(self.issuer, _reason(error)) from error
        except (OAuthError, JoseError, ValueError, KeyError, TypeError) as error:
            raise NotSignedIn(_reason(error)) from error
        id_token = token["id_token"]
        return person, id_token if len(id_token) <= LONGEST_ID_TOKEN else ""

    async def end_url(self, request: Request, id_token: str) -> str:
        """Return the provider's page to sign out, or an empty text if there is none."""
        try:
            client = await self._discover()
        except Unavailable:
            return ""
        if not client.server_metadata.get("end_session_endpoint"):
            return ""
        answer = await client.create_logout_url(
            post_logout_redirect_uri=f"{self._origin(request)}/.ragdock/sign-out",
            id_token_hint=id_token or None,
            client_id=self._settings.client_id,
        )
        return str(answer["url"])

    async def _discover(self) -> StarletteOAuth2App:
        """Return a client that knows the provider's addresses."""
        if self._client and time.monotonic() - self._discovered < DISCOVERY_SECONDS:
            return self._client
        client = self._new_client()
        try:
            metadata = await client.load_server_metadata()
        except (httpx2.HTTPError, ValueError) as error:
            if self._client:
                return self._client
            raise Unavailable(self.issuer, _reason(error)) from error
        # OpenID Connect Discovery 1.0, 4.3
        if metadata.get("issuer") != self.issuer:
            raise Unavailable(self.issuer, f"its metadata names the issuer {metadata.get('issuer')}")
        named = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [name for name in named if name in ALGORITHMS]
        self._client, self._discovered = client, time.monotonic()
        return client

    def _new_client(self) -> StarletteOAuth2App:
        return OAuth().register(
            "provider",
            client_id=self._settings.client_id,
            client_secret=self._secret,
            server_metadata_url=self.issuer.rstrip("/") + DISCOVERY,
            client_kwargs={
                "scope": "openid email profile",
                "code_challenge_method": "S256",
                "timeout": TIMEOUT_SECONDS,
            },
        )

    def _expected(self) -> dict[str, dict[str, Any]]:
        return {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self._settings.client_id},
            "nonce": {"essential": True},
        }

    async def _completed(
        self, client: StarletteOAuth2App, claims: Mapping[str, Any], token: dict[str, Any]
    ) -> dict[str, Any]:
        """Add the claims that the provider has about the person outside of the ID token."""
        known = dict(claims)
        if ("email" in known and "groups" in known) or not client.server_metadata.get("userinfo_endpoint"):
            return known
        more = await client.userinfo(token=token)
        # OpenID Connect Core 1.0, 5.3.2: another subject is an attack.
        if more.get("sub") != known["sub"]:
            raise NotSignedIn("the provider's user information describes another person than the ID token")
        return {**more, **known}

    def _callback(self, request: Request) -> str:
        return f"{self._origin(request)}/.ragdock/callback"

    def _origin(self, request: Request) -> str:
        # A forged host has no effect, because the provider accepts only the registered addresses of
        # its client.
        scheme = "https" if self._secure else request.headers.get("x-forwarded-proto", "http")
        return f"{scheme}://{request.headers.get('host', 'localhost')}"


def _reason(error: Exception) -> str:
    # The messages of some errors are empty, or contain what the provider sent.
    return f"{type(error).__name__}: {error}"[:200]
