"""The audit log: what it contains, what it never contains, and how long it is kept.

Does not prove what the gateway, the applications or the collector of logs write.
"""

import io
import json
import time

import pytest

from frontdoor.auth import audit
from frontdoor.auth.audit import LONGEST_TEXT, Audit, Event, bounded
from frontdoor.auth.people import People
from frontdoor.auth.service import AUDITED_DENIALS
from tests.auth.support import PASSWORD, Gateway


def rows(gateway: Gateway) -> list[tuple[str, ...]]:
    return [tuple(row)[2:7] for row in gateway.audited() if row["actor"] != "test"]


def test_people_leave_a_trace(gateway: Gateway) -> None:
    gateway.add_user("anna", "editor")
    gateway.sign_in("anna", "a wrong password")
    gateway.sign_in("anna")
    gateway.check("/", "GET", "ui")
    gateway.check("/api/query?q=secret", "POST", "api")
    gateway.check("/api/documents?name=secret", "POST", "api")
    gateway.check("/api/documents/7", "DELETE", "api")
    gateway.check("/monitoring/d/1?x=secret", "GET", "grafana")
    gateway.sign_out()
    here = "192.0.2.7"
    assert rows(gateway) == [
        ("user:anna", "sign-in", "", "wrong password", here),
        ("user:anna", "sign-in", "", "ok", here),
        ("user:anna", "request", "POST /api/documents", "allowed", here),
        ("user:anna", "request", "DELETE /api/documents/7", "allowed", here),
        ("user:anna", "request", "GET /monitoring/d/1", "denied: role", here),
        ("user:anna", "sign-out", "", "ok", here),
    ]


def test_programs_leave_a_trace(gateway: Gateway) -> None:
    token = gateway.add_key("ci", "editor")
    authorization = f"Bearer {token}"
    for _ in range(61):
        gateway.check("/api/documents", "POST", "api", authorization=authorization)
    gateway.service.keys.revoke("ci", "test")
    gateway.check("/", authorization=authorization)
    here = "192.0.2.7"
    assert rows(gateway) == [
        *[("key:ci", "request", "POST /api/documents", "allowed", here)] * 60,
        ("key:ci", "request", "POST /api/documents", "denied: uploads", here),
        ("key:ci", "request", "GET /", "denied: key_revoked", here),
    ]


def test_changes_of_users_and_keys_leave_a_trace(gateway: Gateway) -> None:
    people = People(gateway.service.database, "operator")
    people.add("anna", "reader", "", "hash")
    people.set_role("anna", "editor")
    people.set_password("anna", "other hash")
    people.remove("anna")
    gateway.service.keys.create("ci", "reader", None, "operator")
    gateway.service.keys.revoke("ci", "operator")
    assert [row[1:4] for row in rows(gateway)] == [
        ("user-add", "anna as reader", "ok"),
        ("user-role", "anna to editor", "ok"),
        ("user-password", "anna", "ok"),
        ("user-remove", "anna", "ok"),
        ("key-create", "ci as reader", "ok"),
        ("key-revoke", "ci", "ok"),
    ]


def test_people_who_are_not_signed_in_cannot_fill_the_log(gateway: Gateway) -> None:
    for number in range(300):
        gateway.check(f"/{number}", authorization=f"Bearer rdk_{'0' * 16}_{'0' * 64}")
        gateway.check(f"/{number}")
    for number in range(300):
        gateway.sign_in("anna", f"wrong {number}")
    assert len(rows(gateway)) == 5


def test_a_person_cannot_fill_the_log_with_denials(gateway: Gateway) -> None:
    authorization = f"Bearer {gateway.add_key('ci')}"
    for number in range(300):
        gateway.check(f"/monitoring/{number}", authorization=authorization)
    assert len(rows(gateway)) == AUDITED_DENIALS


def test_no_secret_is_in_the_log_or_the_metrics(
    gateway: Gateway, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    canary = "canary-password-nobody-may-read"
    gateway.add_user("anna", "editor")
    key = gateway.add_key("ci", "editor")
    secrets = [canary, PASSWORD, key, key.split("_")[2], "canary-question", gateway.form_token()]
    # A password in the field of the name, too.
    gateway.sign_in(canary, canary)
    gateway.sign_in("anna", canary)
    gateway.sign_in("anna")
    secrets += [gateway.client.cookies["ragdock"], gateway.client.cookies["ragdock-browser"]]
    for authorization in (f"Bearer {key}", f"Bearer {key}x", f"Basic {key}", canary):
        gateway.check("/api/documents?q=canary-question", "POST", "api", authorization=authorization)
        gateway.refusal("/monitoring/?q=canary-question", authorization=authorization)
    gateway.sign_out()
    gateway.client.get("/.ragdock/callback?code=canary-question&state=canary-question")
    written = json.dumps([tuple(row) for row in gateway.audited()])
    written += gateway.client.get("/metrics").text + capsys.readouterr().out
    # The test's own client logs its requests.
    written += "".join(str(record) for record in caplog.records if not record.name.startswith("httpx2"))
    assert "user:anna" in written
    for secret in secrets:
        assert secret not in written


def test_texts_from_outside_are_bounded_and_escaped() -> None:
    assert bounded('a\r\n{"log": "audit"}\x1b[31m\u202e') == 'a\\r\\n{"log": "audit"}\\x1b[31m\\u202e'
    assert len(bounded("\x00" * 5000)) == LONGEST_TEXT
    assert bounded("Anna Ümlaut 日本") == "Anna Ümlaut 日本"


def test_each_row_is_printed_once(gateway: Gateway) -> None:
    outputs = [io.StringIO(), io.StringIO()]
    replicas = [Audit(gateway.service.database, output) for output in outputs]
    gateway.audited()
    # A command writes a row, a request another one.
    gateway.add_user("anna")
    replicas[0].add(Event("user:anna", "request", 'POST /"\n', "allowed", "192.0.2.7", 0))
    for replica in (*replicas, *replicas):
        replica.flush()
    lines = [json.loads(line) for output in outputs for line in output.getvalue().splitlines()]
    assert [(line["actor"], line["action"]) for line in lines] in (
        [("test", "user-add"), ("user:anna", "request")],
        [("user:anna", "request")],
    )
    assert lines[-1] == {
        "time": "1970-01-01T00:00:00.000+00:00",
        "level": "info",
        "log": "audit",
        "actor": "user:anna",
        "action": "request",
        "object": 'POST /"\\n',
        "result": "allowed",
        "address": "192.0.2.7",
    }


def test_old_rows_and_too_many_rows_are_deleted(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "KEPT_ROWS", 100)
    monkeypatch.setattr(audit, "PRUNED_AT_ONCE", 7)
    now = time.time()
    with gateway.service.database.write() as connection:
        for number in range(150):
            audit.insert(connection, Event("old", "x", str(number), "ok", time=now - 401 * 86400))
        for number in range(150):
            audit.insert(connection, Event("new", "x", str(number), "ok", time=now - 399 * 86400))
    gateway.service.audit.prune(now)
    kept = gateway.service.database.read("SELECT actor, object FROM audit ORDER BY id")
    assert [tuple(row) for row in kept] == [("new", str(number)) for number in range(50, 150)]


def test_events_wait_for_a_database_that_is_busy(gateway: Gateway) -> None:
    database = gateway.service.database
    waiting = Audit(database, io.StringIO())
    waiting.add(Event("user:anna", "request", "POST /", "allowed"))
    with database.write() as connection:
        connection.execute("ALTER TABLE audit RENAME TO hidden")
    with pytest.raises(Exception, match="no such table"):
        waiting.flush()
    with database.write() as connection:
        connection.execute("ALTER TABLE hidden RENAME TO audit")
    waiting.flush()
    assert database.read("SELECT actor FROM audit WHERE action = 'request'")[0]["actor"] == "user:anna"
