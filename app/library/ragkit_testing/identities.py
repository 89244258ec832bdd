"""Tokens as the gateway adds them, for applications that check them."""

import time
from pathlib import Path
from typing import Any

import jwt
import pytest

KEY = "k" * 32
STACK = "ragdock-test"


def require(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make applications that are created after this call refuse requests without a token."""
    file = folder / "identity-key"
    file.write_text(KEY)
    monkeypatch.setenv("IDENTITY_KEY_FILE", str(file))
    monkeypatch.setenv("IDENTITY_AUDIENCE", STACK)


def token(key: str = KEY, algorithm: str | None = "HS256", **changes: Any) -> str:
    """Return a token of an editor, with these changes."""
    now = int(time.time())
    claims = {
        "iss": "ragdock",
        "aud": STACK,
        "sub": "user:anna",
        "name": "anna",
        "role": "editor",
        "iat": now,
        "exp": now + 600,
    }
    return jwt.encode({**claims, **changes}, key, algorithm=algorithm)


def as_person(name: str, role: str = "editor") -> dict[str, str]:
    """Return the headers of a person's request."""
    return {"X-Ragdock-Identity": token(sub=f"user:{name}", name=name, role=role)}
