"""Sessions of people of a provider: their end, and changed settings."""

from typing import Any

from tests.auth.issuer import Issuer
from tests.auth.support import Gateway, gateway_of, settings, sign_in


def test_signing_out_ends_the_session_of_the_provider_too(provided: Gateway, issuer: Issuer) -> None:
    sign_in(provided)
    answer = provided.sign_out()
    assert answer.status_code == 200
    assert f'content="0; url={issuer.url}/logout?' in answer.text
    assert "id_token_hint=" in answer.text
    assert "post_logout_redirect_uri=http%3A%2F%2Ftestserver%2F.ragdock%2Fsign-out" in answer.text
    assert provided.check().status_code == 401


def test_a_provider_without_a_sign_out_page_works(provided: Gateway, issuer: Issuer) -> None:
    issuer.wrong.metadata = {"end_session_endpoint": None}
    sign_in(provided)
    answer = provided.sign_out()
    assert "http-equiv" not in answer.text
    assert provided.check().status_code == 401


def test_changed_settings_apply_to_existing_sessions(provided: Gateway, issuer: Issuer) -> None:
    sign_in(provided)
    token = provided.client.cookies["ragdock"]
    path = provided.service.database.read("PRAGMA database_list")[0]["file"]

    def role(changed_roles: dict[str, Any], url: str = issuer.url, domain: str = "example.org") -> str:
        sign_in = {"issuer": url, "clientId": "ragdock", "allow": {"domains": [domain]}}
        other = gateway_of(path, settings(signIn=sign_in, roles=changed_roles), "secret")
        answer = other.check(cookie=f"ragdock={token}")
        return answer.headers.get("x-ragdock-role", str(answer.status_code))

    assert role({"editor": ["ANNA@example.org"]}) == "editor"
    assert role({"default": "none"}) == "none"
    assert role({"default": "admin"}, domain="other.example") == "none"
    assert role({}, url="https://other.example") == "401"
    # A service with built-in users knows no people of a provider.
    assert gateway_of(path, settings()).check(cookie=f"ragdock={token}").status_code == 401
