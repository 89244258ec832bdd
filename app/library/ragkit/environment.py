"""Settings from plain environment variables.

The models come from `EMBEDDING_PROVIDER`, `EMBEDDING_MODEL`, `EMBEDDING_BASE_URL`,
`EMBEDDING_API_KEY_FILE` and the same names with `LLM_`. If both use the same provider, one variable
such as `MISTRAL_API_KEY_FILE` can name the key's file for both.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NoReturn

from ragkit.providers import ModelSettings, model_settings
from ragkit.secret_files import read_secret


def model_from_environment(kind: Literal["embedding", "llm"]) -> ModelSettings:
    """Return the embedding model (default `local`) or chat model (default `none`), or raise
    ValueError."""
    prefix = kind.upper()
    provider = os.environ.get(f"{prefix}_PROVIDER") or ("local" if kind == "embedding" else "none")
    key_name = f"{provider.upper()}_API_KEY_FILE"
    key_file = secret_file(f"{prefix}_API_KEY_FILE") or secret_file(key_name)
    try:
        return model_settings(
            kind,
            provider,
            model=os.environ.get(f"{prefix}_MODEL", ""),
            base_url=os.environ.get(f"{prefix}_BASE_URL", ""),
            key_file=key_file,
        )
    except ValueError as error:
        hint = f" ({key_name} names it)" if "API key" in str(error) else ""
        raise ValueError(f"{prefix}_PROVIDER={provider}: {error}{hint}") from error


def secret_file(name: str) -> Path | None:
    """Return the file that a variable names, or None when the variable is unset or the file absent
    or empty.

    Raises ValueError when the file cannot be read.
    """
    path = Path(os.environ.get(name) or "/nonexistent")
    try:
        return path if read_secret(path) else None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{name}={path}: the file cannot be read ({error})") from error


def required_secret_file(name: str) -> Path:
    """Return the file that a variable names, or raise ValueError when there is no secret in it."""
    path = required(name)
    file = secret_file(name)
    if file is None:
        raise ValueError(f"{name}={path}: the file is missing or empty; name a file that contains the secret")
    return file


def required(name: str) -> str:
    """Return the value of a variable, or raise ValueError when it is unset or empty."""
    value = os.environ.get(name, "")
    if not value:
        raise ValueError(f"{name}: required, but not set")
    return value


def number(name: str, default: int, least: int, most: int) -> int:
    """Return a whole number within bounds, or raise ValueError."""
    value = os.environ.get(name) or str(default)
    if not value.isdecimal() or not least <= int(value) <= most:
        raise ValueError(f"{name}={value}: must be a whole number from {least} to {most}")
    return int(value)


def port(name: str, default: int) -> int:
    """Return a port, or raise ValueError."""
    return number(name, default, 1, 65535)


def data_folder(name: str, default: str) -> Path:
    """Return a folder that this process can write to, or raise ValueError."""
    folder = Path(os.environ.get(name) or default)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        owner = f"it belongs to user {folder.stat().st_uid}" if folder.is_dir() else "it is not a folder"
        raise ValueError(
            f"{name}={folder}: user {os.getuid()} cannot write there ({owner}); "
            f"run `chown -R {os.getuid()}:{os.getgid()}` on the volume as root"
        )
    return folder


def or_exit[T](load: Callable[[], T]) -> T:
    """Return the settings that `load` reads. On ValueError print what is wrong and exit with code
    2."""
    try:
        return load()
    except ValueError as error:
        refuse(error)


def refuse(error: ValueError) -> NoReturn:
    """Print what is wrong with the settings and exit with code 2."""
    sys.stderr.write(f"The settings cannot be used: {error}\n")
    raise SystemExit(2) from None
