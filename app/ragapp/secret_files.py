"""Secrets come as files and as nothing else."""

from pathlib import Path


def read_secret(path: Path) -> str:
    """Return the content of a secret's file without surrounding white space."""
    return path.read_text(encoding="utf-8").strip()
