"""Binds a form and a sign-in to one browser, by a cookie with a random value.

A page of another site knows neither the cookie nor the values derived from it. So it cannot sign a
person in as someone else, nor sign a person out.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from frontdoor.auth.sessions import SESSION_SECONDS

# Seconds that a person may take at the provider.
STATE_SECONDS = 3600
LONGEST_TARGET = 1024
TARGET = re.compile(r"/[!-\[\]-~]*")
BROWSER = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Flow:
    """A sign-in at the provider that began in this browser."""

    state: str
    nonce: str
    verifier: str
    target: str


class Browser:
    """Reads and writes the cookies, and derives the secrets of forms and sign-ins."""

    def __init__(self, key: str, secure: bool) -> None:
        self._key = key.encode()
        self._secure = secure
        self._states = URLSafeTimedSerializer(key, salt="frontdoor.state")
        prefix = "__Host-" if secure else ""
        self.session_name = f"{prefix}ragdock"
        self._browser_name = f"{prefix}ragdock-browser"

    def session(self, request: Request) -> str:
        """Return the token of the session, or an empty text."""
        return cookie_of(request, self.session_name)

    def id(self, request: Request) -> str:
        """Return the value of the browser's cookie. It is a new one if the browser has none."""
        value = cookie_of(request, self._browser_name)
        return value if BROWSER.fullmatch(value) else secrets.token_urlsafe(32)

    def remember(self, response: Response, browser: str) -> None:
        """Set the browser's cookie."""
        self._set(response, self._browser_name, browser, SESSION_SECONDS)

    def start(self, response: Response, token: str) -> None:
        """Set the cookie of a session."""
        self._set(response, self.session_name, token, SESSION_SECONDS)

    def end(self, response: Response) -> None:
        """Delete the cookie of the session."""
        self._set(response, self.session_name, "", 0)

    def form_token(self, browser: str) -> str:
        """Return the token for the forms of this browser."""
        return self._derived("form", browser)

    def is_own_form(self, request: Request, token: object) -> bool:
        """Return whether a form with this token was made for this browser."""
        expected = self.form_token(self.id(request))
        return isinstance(token, str) and hmac.compare_digest(token.encode(), expected.encode())

    def begin(self, browser: str, target: str) -> Flow:
        """Begin a sign-in at the provider. Several may run in one browser at a time."""
        state = self._states.dumps(
            {"id": secrets.token_urlsafe(16), "browser": self._derived("browser", browser), "next": target}
        )
        return self._flow(browser, state, target)

    def resume(self, request: Request, state: str) -> Flow | None:
        """Return the sign-in of this state. None if it is forged, too old or of another browser."""
        browser = self.id(request)
        try:
            content = self._states.loads(state, max_age=STATE_SECONDS)
        except BadData:
            return None
        if not hmac.compare_digest(content["browser"], self._derived("browser", browser)):
            return None
        return self._flow(browser, state, safe_target(content["next"]))

    def _flow(self, browser: str, state: str, target: str) -> Flow:
        nonce = self._derived("nonce", browser, state)
        return Flow(state, nonce, self._derived("verifier", browser, state), target)

    def _derived(self, purpose: str, *parts: str) -> str:
        text = "\0".join((purpose, *parts)).encode()
        digest = hmac.new(self._key, text, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            name, value, max_age=seconds, path="/", secure=self._secure, httponly=True, samesite="lax"
        )


def cookie_of(request: Request, name: str) -> str:
    """Return the value of a cookie, or an empty text if there is none, or more than one.

    Only this host can set a cookie whose name begins with `__Host-`, because browsers look at the
    name. Starlette removes all white space of Unicode around a name. So another host of the same
    domain could set the cookie with white space before its name, which browsers do not protect. If
    two cookies have the same name, one of them may also come from such a host.
    """
    pairs = (part.partition("=") for part in "; ".join(request.headers.getlist("cookie")).split(";"))
    values = [value.strip(" \t") for key, _, value in pairs if key.strip(" \t") == name]
    return values[0] if len(values) == 1 else ""


def safe_target(target: str) -> str:
    """Return the path to go to after a sign-in. It is `/` if the target is not a path of this host.

    Browsers read `\\` as `/`, leave out tabs and line ends, and resolve `..` and `.`.
    """
    path = target.partition("?")[0]
    if (
        len(target) > LONGEST_TARGET
        or not TARGET.fullmatch(target)
        or "//" in path
        or {".", ".."} & set(path.lower().replace("%2e", ".").split("/"))
        or path.startswith("/.ragdock/")
    ):
        return "/"
    return target
