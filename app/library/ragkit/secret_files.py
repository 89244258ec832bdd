"""Secrets come from files only, never from variables."""

from pathlib import Path


def read_secret(path: Path) -> str:
    """Return the content of a secret's file without surrounding white space."""
    return path.read_text(encoding="utf-8").strip()
