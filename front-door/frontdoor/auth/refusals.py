"""Why a request is refused. The gateway carries it from `/check` to `/refused` in a header."""

import re
from dataclasses import dataclass

HEADER = "X-Ragdock-Refusal"
WRITTEN = re.compile(r"(401|403|429);(\d{1,5});([a-z_]{1,20})")

# The codes are the values of the label `reason` in the metrics.
DETAILS = {
    "signed_out": "sign in, or send an API key as `Authorization: Bearer rdk_…`",
    "other_scheme": "the header Authorization must be `Bearer` and an API key",
    "key_unknown": "there is no such API key",
    "key_expired": "the API key has expired",
    "key_revoked": "the API key was revoked",
    "role": "your role does not allow this",
    "no_role": "you have no role here",
    "path": "the path has characters that are not allowed",
    "requests": "too many requests within a minute",
    "questions": "too many questions within a minute",
    "uploads": "too many uploads within a minute",
    "address": "too many requests without a sign-in within a minute",
}


@dataclass(frozen=True)
class Refusal:
    """The status that the client gets, the seconds to wait, and the reason."""

    status: int
    code: str
    seconds: int = 0

    def __str__(self) -> str:
        return f"{self.status};{self.seconds};{self.code}"

    @property
    def detail(self) -> str:
        """The text for the client."""
        return DETAILS[self.code]


def parse(text: str) -> Refusal:
    """Return the refusal of a header. An unknown header also means a refusal."""
    found = WRITTEN.fullmatch(text)
    if not found or found[3] not in DETAILS:
        return Refusal(403, "role")
    return Refusal(int(found[1]), found[3], int(found[2]))
