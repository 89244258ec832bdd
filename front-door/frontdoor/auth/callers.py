"""Finds out who sends a request: the person of a session, or the program of an API key."""

import ipaddress
from typing import Literal

from starlette.requests import Request

from frontdoor.auth import api_keys
from frontdoor.auth.api_keys import Keys
from frontdoor.auth.browser import Browser
from frontdoor.auth.identity import Identity
from frontdoor.auth.sessions import Sessions

Fault = Literal["signed_out", "other_scheme"] | api_keys.Fault


class Callers:
    """Reads the cookie of the session and the header `Authorization`."""

    def __init__(self, browser: Browser, sessions: Sessions, keys: Keys) -> None:
        self._browser = browser
        self._sessions = sessions
        self._keys = keys

    def find(self, request: Request) -> tuple[Identity | None, Fault | None]:
        """Return who sends the request, and why access is denied, if it is.

        For an expired or revoked key, both are set. A request with `Authorization` is never treated
        as a request of the session.
        """
        authorization = request.headers.get("authorization")
        if authorization is None:
            person = self._sessions.find(self._browser.session(request))
            return person, None if person else "signed_out"
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None, "other_scheme"
        key, fault = self._keys.check(token.strip())
        if key is None:
            return None, fault
        subject = f"key:{key.name}"
        return Identity(subject, subject, key.name, "", (), key.role, key.expires), fault


def address_of(request: Request) -> str:
    """Return the address of the client, which the gateway names."""
    return request.headers.get("x-real-ip", "")


def network_of(address: str) -> str:
    """Return the network that limits count as one address. A subscriber usually has a /64 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
