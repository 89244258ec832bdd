"""The person or the program behind a request, and what the gateway tells applications about it."""

import time
from dataclasses import dataclass
from urllib.parse import quote

import jwt

from frontdoor.auth.roles import DefaultRole

ISSUER = "ragdock"
TOKEN_SECONDS = 600
# The printable characters of ASCII that need no escape. `%` starts one, and `,` separates groups.
SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "%,") + " "
# nginx takes 4 KB of headers from the service. The other headers need less than the remaining
# space.
LONGEST_GROUPS = 768


@dataclass(frozen=True)
class Identity:
    """Who sends a request.

    The subject is unique: `user:anna`, `oidc:248289` or `key:ci`. The login is unique too, and
    easier to read. The name is for people to read, and may contain any text.
    """

    subject: str
    login: str
    name: str
    email: str
    groups: tuple[str, ...]
    role: DefaultRole
    expires: float | None

    def headers(self, audience: str, key: str) -> dict[str, str]:
        """Return the headers for the application, with a signed token."""
        now = int(time.time())
        token = jwt.encode(
            {
                "iss": ISSUER,
                "aud": audience,
                "sub": self.subject,
                "name": self.name,
                "email": self.email,
                "role": self.role,
                "iat": now,
                "exp": now + TOKEN_SECONDS,
            },
            key,
            algorithm="HS256",
        )
        return {
            "X-Ragdock-Identity": token,
            "X-Ragdock-Role": self.role,
            "X-Forwarded-User": header_text(self.login),
            "X-Forwarded-Email": header_text(self.email),
            "X-Forwarded-Groups": _list_of(self.groups),
        }


def header_text(text: str) -> str:
    """Return a text for a header. What is not printable ASCII, `%` and `,` are percent-encoded
    as UTF-8."""
    return quote(text.strip(), safe=SAFE, errors="replace")


def _list_of(groups: tuple[str, ...]) -> str:
    """Return as many groups as fit into a header. None is cut."""
    names = ""
    for group in groups:
        longer = f"{names},{header_text(group)}" if names else header_text(group)
        if len(longer) > LONGEST_GROUPS:
            break
        names = longer
    return names
