"""People of the provider: their claims, whether they may sign in, and their role."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from frontdoor.auth.identity import Identity
from frontdoor.auth.people import EMAIL
from frontdoor.auth.roles import ROLES, DefaultRole, highest
from frontdoor.auth.settings import Allow, Roles

# OpenID Connect Core 1.0, 2: at most 255 characters of ASCII.
SUBJECT = re.compile(r"[ -~]{1,255}")
LONGEST_NAME = 64
LONGEST_GROUP = 256
MOST_GROUPS = 1_000


@dataclass(frozen=True)
class Person:
    """A person of the provider.

    The email is empty if the provider says that it has not verified the address. Some providers
    verify addresses and do not say so.
    """

    issuer: str
    subject: str
    name: str
    email: str
    groups: tuple[str, ...]

    def identity(self, role: DefaultRole, expires: float) -> Identity:
        """Return what applications learn about the person."""
        subject = f"oidc:{self.subject}"
        # At some providers, people can choose the name of someone else. So the name is no login.
        login = self.email or subject
        return Identity(subject, login, self.name, self.email, self.groups, role, expires)


def person_of(issuer: str, claims: Mapping[str, Any]) -> Person:
    """Return the person that the claims of a checked ID token describe.

    Raises ValueError if the subject is not valid.
    """
    subject = _text(claims.get("sub"))
    if not SUBJECT.fullmatch(subject):
        raise ValueError("the subject must be 1 to 255 ASCII characters")
    email = _text(claims.get("email"))
    is_verified = EMAIL.fullmatch(email) and claims.get("email_verified") not in (False, "false")
    name = _text(claims.get("name")) or _text(claims.get("preferred_username")) or email or subject
    groups = _groups(claims.get("groups"))
    return Person(issuer, subject, name[:LONGEST_NAME], email if is_verified else "", groups)


def role_of(person: Person, allow: Allow, roles: Roles) -> DefaultRole:
    """Return the highest role that a list gives the person, or the default. With `none`, the person
    may not sign in.
    """
    if not _is_allowed(person, allow):
        return "none"
    named = {role for role in ROLES if _is_named(person, getattr(roles, role))}
    return highest(named) or roles.default


def _is_allowed(person: Person, allow: Allow) -> bool:
    email = person.email.lower()
    return (
        email in _lower(allow.emails)
        or ("@" in email and email.rpartition("@")[2] in _lower(allow.domains))
        or any(group in allow.groups for group in person.groups)
    )


def _is_named(person: Person, members: list[str]) -> bool:
    groups = {f"group:{group}" for group in person.groups}
    named = [member for member in members if not member.startswith("group:")]
    return not groups.isdisjoint(members) or person.email.lower() in _lower(named)


def _lower(texts: list[str]) -> set[str]:
    return {text.lower() for text in texts if text}


def _groups(claim: object) -> tuple[str, ...]:
    # Some providers send a text when there is one group.
    groups = [claim] if isinstance(claim, str) else claim if isinstance(claim, list) else []
    return tuple(group for group in groups[:MOST_GROUPS] if 0 < len(_text(group)) <= LONGEST_GROUP)


def _text(claim: object) -> str:
    return claim if isinstance(claim, str) else ""
