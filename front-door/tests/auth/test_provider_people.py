"""Which people of a provider may sign in, and their roles. Does not test which claims providers
send.
"""

from typing import Any

import pytest

from frontdoor.auth.provider_people import Person, person_of, role_of
from frontdoor.auth.settings import Allow, Roles


def person(**changes: Any) -> Person:
    claims = {"sub": "1", "email": "anna@example.org", "groups": ["ops"], **changes}
    return person_of("https://id.example.org", claims)


@pytest.mark.parametrize(
    ("allow", "changes", "is_allowed"),
    [
        ({"domains": ["example.org"]}, {}, True),
        ({"domains": ["EXAMPLE.org"]}, {"email": "Anna@Example.ORG"}, True),
        ({"domains": ["example.org"]}, {"email": "anna@sub.example.org"}, False),
        ({"domains": ["example.org"]}, {"email": "anna@evilexample.org"}, False),
        ({"domains": ["example.org"]}, {"email": "anna@example.org.evil"}, False),
        ({"domains": ["example.org"]}, {"email": "x@example.org@evil.example"}, False),
        ({"domains": ["example.org"]}, {"email": "evil@evil.example@example.org"}, False),
        ({"domains": ["example.org"]}, {"email": "example.org"}, False),
        ({"domains": ["example.org"]}, {"email": "a@example.org\n"}, False),
        ({"domains": [""]}, {"email": ""}, False),
        ({"domains": ["example.org"]}, {"email_verified": False}, False),
        ({"domains": ["example.org"]}, {"email_verified": "false"}, False),
        ({"domains": ["example.org"]}, {"email_verified": True}, True),
        ({"emails": ["ANNA@example.org"]}, {}, True),
        ({"emails": ["anna@example.org"]}, {"email": "bert@example.org"}, False),
        ({"emails": [""]}, {"email": ""}, False),
        ({"groups": ["ops"]}, {}, True),
        ({"groups": ["ops"]}, {"groups": "ops"}, True),
        ({"groups": ["ops"]}, {"groups": "opsx"}, False),
        ({"groups": ["OPS"]}, {}, False),
        ({"groups": ["ops"]}, {"groups": [["ops"]]}, False),
        ({"groups": ["ops"]}, {"groups": {"ops": True}}, False),
        ({"groups": ["ops"]}, {"email_verified": False}, True),
        ({"groups": [""]}, {"groups": [""]}, False),
    ],
)
def test_who_may_sign_in(allow: dict[str, list[str]], changes: dict[str, Any], is_allowed: bool) -> None:
    role = role_of(person(**changes), Allow(**allow), Roles())
    assert role == ("reader" if is_allowed else "none")


@pytest.mark.parametrize(
    ("roles", "changes", "role"),
    [
        ({"admin": ["anna@example.org"]}, {}, "admin"),
        ({"admin": ["ANNA@example.org"], "reader": ["anna@example.org"]}, {}, "admin"),
        ({"admin": ["group:ops"], "editor": ["anna@example.org"]}, {}, "admin"),
        ({"editor": ["group:ops"]}, {"groups": ["Ops"]}, "reader"),
        ({"admin": ["ops"]}, {}, "reader"),
        ({"admin": ["group:"]}, {"groups": [""]}, "reader"),
        ({"admin": ["group:x"]}, {"email": "group:x@example.org"}, "reader"),
        ({"admin": [""]}, {"email": ""}, "reader"),
        ({"admin": ["anna@example.org"]}, {"email_verified": False}, "reader"),
        ({"default": "none"}, {}, "none"),
        ({"default": "editor", "reader": ["anna@example.org"]}, {}, "reader"),
    ],
)
def test_which_role_a_person_has(roles: dict[str, Any], changes: dict[str, Any], role: str) -> None:
    allow = Allow(groups=["ops", "Ops"], emails=["group:x@example.org"], domains=["example.org"])
    assert role_of(person(**{"groups": ["ops"], **changes}), allow, Roles(**roles)) == role
