"""The commands. Does not prove how `./ragdock` finds the container and passes the arguments on."""

import io
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from frontdoor.auth import main
from frontdoor.auth.database import Database
from tests.auth.support import PASSWORD, SETTINGS, gateway_of, settings

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Return a function that runs a command: its exit code, its output and its errors."""
    (tmp_path / "auth.json").write_text(json.dumps(SETTINGS))
    monkeypatch.setenv("AUTH_SETTINGS_FILE", str(tmp_path / "auth.json"))
    monkeypatch.setenv("AUTH_DATABASE", str(tmp_path / "auth.sqlite3"))
    monkeypatch.setenv("RAGDOCK_STACK", "prod")
    monkeypatch.setenv("RAGDOCK_ACTOR", "operator@host")

    def run(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = main.main(list(arguments))
        written = capsys.readouterr()
        return code, written.out, written.err

    mask = os.umask(0o022)
    yield run
    os.umask(mask)


def test_users(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("users", "list")
    assert (code, out) == (
        0,
        "There are no users. Add one with `./ragdock users add anna --role admin --stack prod`.\n",
    )
    added = run("users", "add", "Anna", "--role", "editor", "--email", "a@example.org", typed=PASSWORD + "\n")
    assert added == (0, "Added anna as editor.\n", "")
    gateway = gateway_of(tmp_path / "auth.sqlite3", settings())
    assert gateway.sign_in("anna").status_code == 303
    assert run("users", "role", "anna", "admin")[:2] == (0, "anna is now admin.\n")
    assert gateway.check().headers["x-ragdock-role"] == "admin"
    _, out, _ = run("users", "list")
    assert re.fullmatch(r"NAME +ROLE +EMAIL +CREATED\nanna +admin +a@example\.org +\S+ \S+ UTC\n", out)
    code, out, _ = run("users", "password", "anna", "--generate")
    generated = out.splitlines()[1].removeprefix("Password, shown only now: ")
    assert len(generated) == 24
    assert gateway.check().status_code == 401
    assert gateway.sign_in("anna", generated).status_code == 303
    assert run("users", "remove", "anna")[:2] == (0, "Removed anna and ended the sessions.\n")
    assert gateway.check().status_code == 401


@pytest.mark.parametrize(
    ("arguments", "typed", "code", "message"),
    [
        (["users", "add", "anna", "--role", "editor"], "short\n", 1, "has 5 characters; it needs 12 to 256"),
        (["users", "add", "anna", "--role", "editor"], "", 1, "has 0 characters"),
        (["users", "add", "anna", "--role", "editor"], "x" * 257, 1, "has 257 characters"),
        (["users", "add", "anna", "--role", "owner"], "", 2, "choose from"),
        (["users", "add", "anna"], "", 2, "--role"),
        (["users", "add", "an na", "--role", "editor"], "", 1, "'an na' cannot be a name"),
        (["users", "add", "a\nb", "--role", "editor"], "", 1, r"'a\nb' cannot be a name"),
        (["users", "add", "a:b", "--role", "editor"], "", 1, "cannot be a name"),
        (["users", "add", "anna", "--role", "editor", "--email", "x"], "", 1, "'x' is no email address"),
        (["users", "remove", "bert"], "", 1, "There is no user 'bert'. `./ragdock users list --stack prod`"),
        (["users", "role", "bert", "admin"], "", 1, "There is no user 'bert'"),
        (["users", "password", "bert"], PASSWORD, 1, "There is no user 'bert'"),
        (["users"], "", 2, "ACTION"),
        (["keys", "create", "--role", "reader"], "", 2, "--name"),
        (["keys", "create", "--name", "a b", "--role", "reader"], "", 1, "'a b' cannot be a name"),
        (["keys", "create", "--name", "ci", "--role", "reader", "--expires", "soon"], "", 2, "found 'soon'"),
        (["keys", "create", "--name", "ci", "--role", "reader", "--expires", "0d"], "", 2, "--expires"),
        (["keys", "create", "--name", "ci", "--role", "reader", "--expires", "9999d"], "", 2, "--expires"),
        (["keys", "revoke", "ci"], "", 1, "There is no key 'ci'. `./ragdock keys list --stack prod`"),
        (["audit", "--since", "x"], "", 2, "--since"),
        (["audit", "record", "--actor", "x"], "", 2, "--action"),
        (["other"], "", 2, "COMMAND"),
    ],
)
def test_mistakes_name_the_command_to_type(
    run: Run, arguments: list[str], typed: str, code: int, message: str
) -> None:
    exit_code, out, err = run(*arguments, typed=typed)
    assert exit_code == code
    assert message in err
    assert out == ""


def test_a_user_is_added_once(run: Run) -> None:
    run("users", "add", "anna", "--role", "editor", typed=PASSWORD)
    code, _, err = run("users", "add", "anna", "--role", "admin", typed=PASSWORD)
    assert code == 1
    assert "`./ragdock users role anna --role editor --stack prod`" in err


def test_a_stack_with_a_provider_takes_no_users(run: Run, tmp_path: Path) -> None:
    sign_in = {"issuer": "https://id.example.org", "clientId": "x", "allow": {"groups": ["ops"]}}
    (tmp_path / "auth.json").write_text(json.dumps({**SETTINGS, "signIn": sign_in}))
    code, _, err = run("users", "add", "anna", "--role", "editor", typed=PASSWORD)
    assert code == 1
    assert "People of this stack sign in at https://id.example.org." in err


def test_keys(run: Run, tmp_path: Path) -> None:
    assert "./ragdock keys create" in run("keys", "list")[1]
    _, out, _ = run("keys", "create", "--name", "ci", "--role", "editor", "--expires", "never")
    token = out.splitlines()[-1]
    gateway = gateway_of(tmp_path / "auth.sqlite3", settings())
    assert gateway.check(authorization=f"Bearer {token}").headers["x-ragdock-role"] == "editor"
    gateway.service.keys.flush()
    _, out, _ = run("keys", "list")
    assert re.search(r"\nci +editor +\S+ \S+ UTC +never +\d{4}-\S+ \S+ UTC\n", out)
    assert token.split("_")[2] not in out
    code, _, err = run("keys", "create", "--name", "ci", "--role", "reader")
    assert (code, "`./ragdock keys revoke --name ci --stack prod`" in err) == (1, True)
    assert run("keys", "revoke", "ci")[:2] == (0, "Revoked the key ci.\n")
    assert gateway.check(authorization=f"Bearer {token}").status_code == 401
    run("keys", "create", "--name", "year", "--role", "reader")
    row = Database(tmp_path / "auth.sqlite3").read("SELECT * FROM keys WHERE name = 'year'")[0]
    assert round(row["expires"] - row["created"]) == 365 * 86400


def test_audit(run: Run) -> None:
    run("users", "add", "anna", "--role", "editor", typed=PASSWORD)
    arguments = ["--actor", "ci\x1b[31m", "--action", "deploy", "--object", "revision\n42", "--result", "ok"]
    assert run("audit", "record", *arguments) == (0, "", "")
    _, out, _ = run("audit")
    assert re.match(r"TIME +ACTOR +ACTION +RESULT +ADDRESS +OBJECT\n", out)
    assert re.search(r"operator@host  user-add  ok +- +anna as editor\n", out)
    assert "\x1b" not in out
    assert len(out.splitlines()) == 3
    _, out, _ = run("audit", "--json", "--since", "1h", "--user", "operator@host")
    assert [json.loads(line)["action"] for line in out.splitlines()] == ["user-add"]
    assert PASSWORD not in out
    _, out, _ = run("audit", "--json", "--user", "bert")
    assert out == ""


def test_only_the_owner_reads_the_database(run: Run, tmp_path: Path) -> None:
    run("users", "list")
    for file in tmp_path.glob("auth.sqlite3*"):
        assert file.stat().st_mode & 0o077 == 0
