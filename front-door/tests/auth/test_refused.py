"""The answers that clients get to a refused request. Does not prove which headers the gateway
passes on.
"""

import pytest

from tests.auth.support import Gateway

PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.mark.parametrize(
    ("uri", "service", "headers"),
    [
        ("/docs?a=1&b=%20", "api", {"accept": PAGE}),
        ("/docs?a=1&b=%20", "api", {"accept": "*/*", "sec_fetch_mode": "navigate"}),
        ("/api/documents", "ui", {"accept": PAGE}),
        ("/apix", "api", {"accept": PAGE}),
    ],
)
def test_a_person_is_sent_to_the_sign_in(
    gateway: Gateway, uri: str, service: str, headers: dict[str, str]
) -> None:
    answer = gateway.refusal(uri, service=service, **headers)
    assert answer.status_code == 303
    location = answer.headers["location"]
    gateway.add_user("anna")
    form = gateway.client.get(location)
    assert form.status_code == 200
    # The form redirects back to exactly this page.
    assert f'name="next" value="{uri.replace("&", "&amp;")}"' in form.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "uri", "headers"),
    [
        ("GET", "/api/documents", {"accept": PAGE}),
        ("GET", "/api", {"accept": PAGE}),
        ("GET", "/x/../api/documents", {"accept": PAGE}),
        ("GET", "/%61pi/documents", {"accept": PAGE, "sec_fetch_mode": "navigate"}),
        ("GET", "/docs", {"accept": "application/json"}),
        ("GET", "/docs", {"accept": PAGE, "sec_fetch_mode": "cors"}),
        ("GET", "/docs", {"accept": PAGE, "sec_fetch_mode": "websocket"}),
        ("POST", "/docs", {"accept": PAGE, "sec_fetch_mode": "navigate"}),
        ("GET", "/docs", {"accept": PAGE, "authorization": "Basic eA=="}),
    ],
)
def test_a_program_gets_a_problem(gateway: Gateway, method: str, uri: str, headers: dict[str, str]) -> None:
    answer = gateway.refusal(uri, method, "api", **headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith('Bearer realm="ragdock"')
    assert ("invalid_token" in answer.headers["www-authenticate"]) == ("authorization" in headers)
    assert answer.headers["cache-control"] == "no-store"
    problem = answer.json()
    assert (problem["status"], problem["title"]) == (401, "Unauthorized")
    assert problem["detail"]


def test_a_person_without_the_role_is_told_which_one(gateway: Gateway) -> None:
    gateway.add_user("anna")
    gateway.sign_in("anna")
    answer = gateway.refusal("/monitoring/", service="grafana", accept=PAGE)
    assert answer.status_code == 403
    assert "signed in as anna. Your role is reader." in answer.text
    assert "It needs the role admin." in answer.text
    assert 'action="/.ragdock/sign-out"' in answer.text


def test_a_program_without_the_role_is_told_which_one(gateway: Gateway) -> None:
    key = gateway.add_key("ci")
    answer = gateway.refusal("/api/documents", "POST", "api", authorization=f"Bearer {key}")
    assert answer.status_code == 403
    assert answer.json()["detail"] == "your role does not allow this; it needs the role editor"


def test_too_many_requests_get_the_time_to_wait(gateway: Gateway) -> None:
    authorization = f"Bearer {gateway.add_key('ci')}"
    for _ in range(60):
        assert gateway.check("/api/query", "POST", "api", authorization=authorization).status_code == 200
    answer = gateway.refusal("/api/query", "POST", "api", authorization=authorization)
    assert answer.status_code == 429
    seconds = int(answer.headers["retry-after"])
    assert answer.headers["ratelimit-policy"] == '"questions";q=60;w=60'
    assert answer.headers["ratelimit"] == f'"questions";r=0;t={seconds}'
    gateway.clock.now += seconds
    assert gateway.check("/api/query", "POST", "api", authorization=authorization).status_code == 200


def test_a_person_reads_a_page_about_too_many_requests(gateway: Gateway) -> None:
    for _ in range(120):
        gateway.check()
    answer = gateway.refusal("/docs", accept=PAGE)
    assert answer.status_code == 429
    assert "text/html" in answer.headers["content-type"]
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("forged", ["", "200;0;role", "403;0;nothing", "403;0;role\nx", "429;999999;role"])
def test_a_refusal_of_another_service_still_refuses(gateway: Gateway, forged: str) -> None:
    headers = {
        "X-Original-Method": "GET",
        "X-Original-URI": "/",
        "X-Ragdock-Refusal": forged.replace("\n", " "),
    }
    assert gateway.client.get("/refused", headers=headers).status_code == 403
