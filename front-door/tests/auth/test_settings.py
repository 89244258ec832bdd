"""What the service reads when it starts. Does not prove what the program writes."""

import json
from pathlib import Path
from typing import Any

import pytest

from frontdoor.auth import main
from frontdoor.auth.settings import Provider, load_secrets, load_settings
from tests.auth.support import SETTINGS

PROVIDER = {"issuer": "https://id.example.org", "clientId": "x", "allow": {"domains": ["example.org"]}}


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file, key = tmp_path / "auth.json", tmp_path / "key"
    file.write_text(json.dumps(SETTINGS))
    key.write_text("k" * 32 + "\n")
    monkeypatch.setenv("AUTH_SETTINGS_FILE", str(file))
    monkeypatch.setenv("AUTH_DATABASE", str(tmp_path / "auth.sqlite3"))
    monkeypatch.setenv("IDENTITY_KEY_FILE", str(key))
    monkeypatch.delenv("SIGN_IN_CLIENT_SECRET_FILE", raising=False)
    return file


def test_settings_are_read(written: Path) -> None:
    settings = load_settings()
    assert settings.access[0].counts == "questions"
    assert settings.api_paths[0].path == "/api/"
    assert load_secrets(settings).identity_key == "k" * 32


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        ({"secureCookies": "yes"}, "secureCookies: Input should be a valid boolean"),
        ({"replicas": 0}, "replicas: Input should be greater than or equal to 1"),
        ({"replicas": "2"}, "replicas: Input should be a valid integer"),
        ({"unknown": 1}, "unknown: Extra inputs are not permitted"),
        ({"audience": ""}, "audience: String should have at least 1 character"),
        ({"signIn": {"users": False}}, "signIn"),
        ({"signIn": None}, "signIn"),
        ({"signIn": {**PROVIDER, "allow": {}}}, "all lists are empty, so that no one could sign in"),
        (
            {"roles": {"default": "owner"}},
            "roles.default: Input should be 'reader', 'editor', 'admin' or 'none'",
        ),
        ({"limits": {"requests": 0}}, "limits.requests"),
        ({"access": [{"path": "api", "role": "reader"}]}, "access.0.path"),
        ({"access": [{"path": "/", "role": "none"}]}, "access.0.role"),
    ],
)
def test_mistakes_are_named_and_nothing_starts(
    written: Path, change: dict[str, Any], mistake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    written.write_text(json.dumps({**SETTINGS, **change}))
    assert main.main([]) == 1
    assert mistake in capsys.readouterr().err


def test_all_mistakes_are_named_at_once(written: Path) -> None:
    written.write_text(json.dumps({**SETTINGS, "replicas": 0, "title": 1}))
    with pytest.raises(ValueError, match=r"title: .*; replicas: "):
        load_settings()


@pytest.mark.parametrize("content", [None, "", "{", "[]"])
def test_a_file_without_settings_is_named(written: Path, content: str | None) -> None:
    if content is None:
        written.unlink()
    else:
        written.write_text(content)
    with pytest.raises(ValueError, match=r"auth\.json: "):
        load_settings()


def test_a_short_identity_key_is_refused(written: Path) -> None:
    (written.parent / "key").write_text("short")
    with pytest.raises(ValueError, match="shorter than 32 bytes"):
        load_secrets(load_settings())


def test_a_provider_needs_the_secret_of_the_client(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written.write_text(json.dumps({**SETTINGS, "signIn": PROVIDER}))
    settings = load_settings()
    assert isinstance(settings.sign_in, Provider)
    with pytest.raises(ValueError, match="SIGN_IN_CLIENT_SECRET_FILE"):
        load_secrets(settings)
    secret = written.parent / "secret"
    secret.write_text("s")
    monkeypatch.setenv("SIGN_IN_CLIENT_SECRET_FILE", str(secret))
    assert load_secrets(settings).client_secret == "s"


def test_a_folder_that_cannot_be_written_is_named(
    written: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTH_DATABASE", "/nonexistent/auth.sqlite3")
    assert main.main([]) == 1
    assert "/nonexistent/auth.sqlite3: cannot be used as the database" in capsys.readouterr().err
