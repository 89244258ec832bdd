"""The form, sessions, and what ends them. Does not prove how browsers treat the cookies."""

import re
import sqlite3
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from frontdoor.auth.passwords import LONGEST, hashed
from frontdoor.auth.people import People
from frontdoor.auth.sessions import SESSION_SECONDS
from tests.auth.support import ADDRESS, HASH, PASSWORD, Gateway, gateway_of, settings


@pytest.fixture
def people(gateway: Gateway) -> People:
    gateway.add_user("anna", "editor")
    return People(gateway.service.database, "test")


def test_the_right_password_starts_a_session(gateway: Gateway, people: People) -> None:
    answer = gateway.sign_in("anna", target="/docs?a=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/docs?a=1")
    assert answer.headers["cache-control"] == "no-store"
    me = gateway.client.get("/.ragdock/me").json()
    assert me.pop("expires")
    assert me == {"name": "anna", "email": "anna@example.org", "role": "editor"}


def test_names_are_read_without_case_and_spaces(gateway: Gateway, people: People) -> None:
    assert gateway.sign_in(" ANNA ").status_code == 303


def test_passwords_are_the_same_on_all_keyboards(gateway: Gateway, people: People) -> None:
    people.set_password("anna", hashed("grüße aus zürich"))
    assert gateway.sign_in("anna", "gru\u0308ße aus zu\u0308rich").status_code == 303


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("anna", PASSWORD + "x"),
        ("anna", PASSWORD.upper()),
        ("anna", ""),
        ("anna", "x" * (LONGEST + 1)),
        ("bert", PASSWORD),
        ("", PASSWORD),
        ("x" * 5000, PASSWORD),
        ("anna' OR 1=1 --", PASSWORD),
        ("<script>", PASSWORD),
    ],
)
def test_wrong_passwords_and_names_get_the_same_answer(
    gateway: Gateway, people: People, name: str, password: str
) -> None:
    answer = gateway.sign_in(name, password)
    assert answer.status_code == 403
    assert "The name or the password is wrong." in answer.text
    assert "<script>" not in answer.text
    assert gateway.client.cookies.get("ragdock") is None
    assert gateway.client.get("/.ragdock/me").status_code == 401


@pytest.mark.parametrize("token", ["", "x", "ü", "A" * 43])
def test_a_form_of_another_site_signs_no_one_in(gateway: Gateway, people: People, token: str) -> None:
    gateway.form_token()
    form = {"name": "anna", "password": PASSWORD, "token": token}
    answer = gateway.client.post("/.ragdock/sign-in", data=form)
    assert answer.status_code == 403
    assert "too old, or was made for another browser" in answer.text
    assert gateway.client.get("/.ragdock/me").status_code == 401


def test_a_form_of_another_browser_signs_no_one_in(gateway: Gateway, people: People) -> None:
    token = gateway.form_token()
    gateway.client.cookies.clear()
    form = {"name": "anna", "password": PASSWORD, "token": token}
    assert gateway.client.post("/.ragdock/sign-in", data=form).status_code == 403


def test_a_planted_session_does_not_become_signed_in(gateway: Gateway, people: People) -> None:
    gateway.sign_in("anna")
    planted = gateway.client.cookies["ragdock"]
    token = gateway.form_token("/.ragdock/sign-out")
    form = {"name": "anna", "password": PASSWORD, "next": "/", "token": token}
    gateway.client.post("/.ragdock/sign-in", data=form)
    assert gateway.client.cookies["ragdock"] != planted
    assert gateway.check(cookie=f"ragdock={planted}").status_code == 401


def test_cookies_are_for_this_host_only_and_hidden_from_scripts(tmp_path: Path) -> None:
    secure = gateway_of(tmp_path / "auth.sqlite3", settings(secureCookies=True))
    secure.add_user("anna")
    with secure.client:
        secure.client = TestClient(secure.client.app, base_url="https://testserver", follow_redirects=False)
        cookies = secure.client.get("/.ragdock/sign-in").headers.get_list("set-cookie")
        cookies += secure.sign_in("anna").headers.get_list("set-cookie")
        assert secure.check().status_code == 200
    assert [cookie.split("=")[0] for cookie in cookies] == ["__Host-ragdock-browser", "__Host-ragdock"]
    for cookie in cookies:
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "secure", "samesite=lax", "path=/", "max-age=43200"} == attributes


@pytest.mark.parametrize(
    "planted",
    ["\xa0__Host-ragdock={0}", "\x85__Host-ragdock={0}", "__Host-ragdock\xa0={0}", "=__Host-ragdock={0}"],
)
def test_a_host_of_the_same_domain_cannot_plant_a_session(tmp_path: Path, planted: str) -> None:
    secure = gateway_of(tmp_path / "auth.sqlite3", settings(secureCookies=True))
    secure.add_user("anna")
    user = secure.service.people.find("anna")
    assert user
    token = secure.service.sessions.start_of_user(user, ADDRESS)
    for cookie, status in ((f"a=b; \t__Host-ragdock={token} ;", 200), (planted.format(token), 401)):
        headers = {b"cookie": cookie.encode("latin-1")}
        assert secure.client.get("/.ragdock/me", headers=headers).status_code == status


def test_two_sessions_in_one_browser_are_both_ignored(gateway: Gateway, people: People) -> None:
    gateway.sign_in("anna")
    token = gateway.client.cookies.pop("ragdock")
    assert gateway.check(cookie=f"ragdock={token}").status_code == 200
    for two in (f"ragdock={token}; ragdock=x", f"ragdock=x; ragdock={token}"):
        assert gateway.check(cookie=two).status_code == 401


def test_the_database_holds_no_token(gateway: Gateway, people: People) -> None:
    gateway.sign_in("anna")
    token = gateway.client.cookies["ragdock"]
    assert re.fullmatch(r"[\w-]{43}", token)
    stored = gateway.service.database.read("SELECT hash FROM sessions")[0]["hash"]
    assert len(stored) == 64
    assert token not in stored


def test_a_session_ends_after_twelve_hours(gateway: Gateway, people: People) -> None:
    gateway.sign_in("anna")
    row = gateway.service.database.read("SELECT created, expires FROM sessions")[0]
    assert row["expires"] - row["created"] == SESSION_SECONDS == 12 * 3600
    with gateway.service.database.write() as connection:
        connection.execute("UPDATE sessions SET expires = expires - 43201")
    assert gateway.check().status_code == 401
    gateway.service.sessions.prune(row["created"])
    assert gateway.service.database.read("SELECT * FROM sessions") == []


def test_signing_out_ends_the_session(gateway: Gateway, people: People) -> None:
    gateway.sign_in("anna")
    token = gateway.client.cookies["ragdock"]
    assert "signed in as <strong>anna</strong>" in gateway.client.get("/.ragdock/sign-out").text
    answer = gateway.sign_out()
    assert "You are signed out" in answer.text
    assert 'ragdock=""; HttpOnly; Max-Age=0' in answer.headers["set-cookie"]
    assert gateway.check(cookie=f"ragdock={token}").status_code == 401
    assert "You are signed out" in gateway.client.get("/.ragdock/sign-out").text


def test_another_site_signs_no_one_out(gateway: Gateway, people: People) -> None:
    gateway.sign_in("anna")
    answer = gateway.client.post("/.ragdock/sign-out", data={"token": "x"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/.ragdock/sign-out")
    assert gateway.check().status_code == 200


def test_changes_of_a_user_count_at_once(gateway: Gateway, people: People) -> None:
    gateway.sign_in("anna")
    people.set_role("anna", "admin")
    assert gateway.check().headers["x-ragdock-role"] == "admin"
    people.set_role("anna", "reader")
    assert gateway.check("/api/documents", "POST", "api").status_code == 403
    people.set_password("anna", HASH)
    assert gateway.check().status_code == 401
    gateway.sign_in("anna")
    assert gateway.check().status_code == 200
    people.remove("anna")
    assert gateway.check().status_code == 401


def test_a_new_user_of_the_same_name_inherits_no_session(gateway: Gateway, people: People) -> None:
    gateway.sign_in("anna")
    people.remove("anna")
    gateway.add_user("anna", "admin")
    assert gateway.check().status_code == 401


def test_a_password_that_changes_during_the_sign_in_starts_no_session(
    gateway: Gateway, people: People
) -> None:
    user = people.find("anna")
    assert user
    people.set_password("anna", HASH + "x")
    assert gateway.service.sessions.start_of_user(user, ADDRESS) is None


def test_someone_who_is_signed_in_continues(gateway: Gateway, people: People) -> None:
    gateway.sign_in("anna")
    answer = gateway.client.get("/.ragdock/sign-in?next=/docs")
    assert (answer.status_code, answer.headers["location"]) == (303, "/docs")


def test_a_large_form_is_refused(gateway: Gateway, people: People) -> None:
    form = {"name": "anna", "password": "x" * 100_000, "token": gateway.form_token()}
    assert gateway.client.post("/.ragdock/sign-in", data=form).status_code == 413


def test_a_form_with_files_is_refused(gateway: Gateway, people: People) -> None:
    files = {"name": ("anna", b"anna"), "token": ("x", b"x")}
    assert gateway.client.post("/.ragdock/sign-in", files=files).status_code == 400


def test_pages_are_complete_without_scripts(gateway: Gateway, people: People) -> None:
    for page in (
        gateway.client.get("/.ragdock/sign-in"),
        gateway.sign_in("anna", "wrong"),
        gateway.client.get("/.ragdock/sign-out"),
    ):
        assert page.headers["cache-control"] == "no-store"
        for forbidden in ("<script", "src=", "http://", "https://", "@import", "url("):
            assert forbidden not in page.text
        assert '<html lang="en">' in page.text
        assert page.text.count("<h1>") == 1
    form = gateway.client.get("/.ragdock/sign-in").text
    for name, purpose in (("name", "username"), ("password", "current-password")):
        assert f'<label for="{name}">' in form
        assert re.search(rf'id="{name}"[^>]+autocomplete="{purpose}"', form)


def test_me_answers_programs_too(gateway: Gateway) -> None:
    key = gateway.add_key("ci", "editor")
    me = gateway.client.get("/.ragdock/me", headers={"Authorization": f"Bearer {key}"})
    assert me.json() == {"name": "ci", "email": "", "role": "editor", "expires": None}
    answer = gateway.client.get("/.ragdock/me")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_full_disk_starts_no_session(gateway: Gateway, people: People, tmp_path: Path) -> None:
    with gateway.service.database.write() as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON sessions BEGIN SELECT raise(ABORT, 'full'); END"
        )
    with pytest.raises(sqlite3.Error):
        gateway.sign_in("anna")
    assert gateway.client.get("/.ragdock/me").status_code == 401
