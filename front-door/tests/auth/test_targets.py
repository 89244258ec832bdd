"""Where a sign-in leads to. Does not prove how each browser reads an address: the list holds the
tricks that are known."""

from urllib.parse import urljoin, urlsplit

import pytest

from frontdoor.auth.browser import safe_target
from tests.auth.support import Gateway

FOREIGN = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\x00//evil.example",
    "/\x00/evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/./evil.example",
    "/%2e//evil.example",
    "/x/..//evil.example",
    "/%2E%2e//evil.example",
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "data:text/html,x",
    "http:evil.example",
    "http:/evil.example",
    "evil.example",
    "@evil.example",
    ".evil.example",
    "?next=x",
    "#x",
    "",
    "/ü",
    "/x y",
    "/\u2028/evil.example",
    "/\uff0f/evil.example",
    "/x\r\nSet-Cookie: a=b",
    "/" + "x" * 2000,
    "/.ragdock/sign-in?next=/",
    "/.ragdock/sign-out",
]
OWN = [
    "/",
    "/docs",
    "/a/b/c?d=e&f=//g",
    "/a%20b",
    "/%2F/x",
    "/a/...b/",
    "/x?u=https://e.example",
    "/x#y",
    "/a@b",
]


@pytest.mark.parametrize("target", FOREIGN)
def test_addresses_of_other_hosts_become_the_start_page(gateway: Gateway, target: str) -> None:
    assert safe_target(target) == "/"
    gateway.add_user("anna")
    assert gateway.sign_in("anna", target=target).headers["location"] == "/"
    answer = gateway.client.get("/.ragdock/sign-in", params={"next": target})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("target", OWN)
def test_paths_of_this_host_stay_as_they_are(gateway: Gateway, target: str) -> None:
    gateway.add_user("anna")
    answer = gateway.sign_in("anna", target=target)
    assert answer.headers["location"] == target
    assert urlsplit(urljoin("http://own.example/x/y", target)).netloc == "own.example"


@pytest.mark.parametrize("uri", ["//evil.example", "/\\evil.example", "https://evil.example", "/a\tb"])
def test_a_refused_request_cannot_choose_the_target(gateway: Gateway, uri: str) -> None:
    answer = gateway.refusal(uri, accept="text/html")
    assert (answer.status_code, answer.headers["location"]) == (303, "/.ragdock/sign-in?next=/")
