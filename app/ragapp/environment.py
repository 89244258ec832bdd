"""The settings that small applications of this library share, from plain environment variables.

`EMBEDDING_PROVIDER`, `EMBEDDING_MODEL`, `EMBEDDING_BASE_URL`, `EMBEDDING_API_KEY_FILE` and the same with
`LLM_`. Where both use one key, the provider's own variable, such as `MISTRAL_API_KEY_FILE`, names
its file for both.
"""

import os
import sys
from pathlib import Path
from typing import Literal, NoReturn

from ragapp.providers import ModelSettings, model_settings
from ragapp.secret_files import read_secret


def model_from_environment(kind: Literal["embedding", "llm"]) -> ModelSettings:
    """Return the embedding model (default `local`) or chat model (default `none`), or raise ValueError."""
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
    """Return the file that a variable names; None, no such secret, when it is unset, absent or empty."""
    path = Path(os.environ.get(name) or "/nonexistent")
    try:
        return path if read_secret(path) else None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{name}={path}: the file cannot be read ({error})") from error


def number(name: str, default: int, least: int, most: int) -> int:
    """Return a whole number within bounds, ValueError otherwise."""
    value = os.environ.get(name) or str(default)
    if not value.isdecimal() or not least <= int(value) <= most:
        raise ValueError(f"{name}={value}: must be a whole number from {least} to {most}")
    return int(value)


def refuse(error: ValueError) -> NoReturn:
    """Print what is wrong with the settings and exit with code 2."""
    sys.stderr.write(f"The settings cannot be used: {error}\n")
    raise SystemExit(2) from None
