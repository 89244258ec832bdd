"""Settings from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TLS_MODES = ("disable", "require", "verify-full")


@dataclass(frozen=True)
class Settings:
    """The settings of the service."""

    environment: str = "development"
    port: int = 8000
    redis_host: str = "redis"
    redis_port: int = 6379
    redis_user: str | None = None
    redis_password_file: Path | None = None
    redis_tls: str = "disable"
    redis_tls_authority: str | None = None

    @property
    def redis_password(self) -> str | None:
        """Return the password from its file, or None when no file is named."""
        file = self.redis_password_file
        return file.read_text(encoding="utf-8").strip() if file else None


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the environment. A ValueError names all variables that are wrong."""
    wrong = []

    def port(name: str, default: int) -> int:
        value = environment.get(name) or str(default)
        if not value.isdecimal() or not 1 <= int(value) <= 65535:
            wrong.append(f"{name}={value}: must be a port from 1 to 65535")
            return default
        return int(value)

    password_file = environment.get("REDIS_PASSWORD_FILE")
    settings = Settings(
        environment=environment.get("ENVIRONMENT") or Settings.environment,
        port=port("PORT", Settings.port),
        redis_host=environment.get("REDIS_HOST") or Settings.redis_host,
        redis_port=port("REDIS_PORT", Settings.redis_port),
        redis_user=environment.get("REDIS_USER") or None,
        redis_password_file=Path(password_file) if password_file else None,
        redis_tls=environment.get("REDIS_TLS") or Settings.redis_tls,
        redis_tls_authority=environment.get("REDIS_TLS_AUTHORITY") or None,
    )
    if settings.redis_tls not in TLS_MODES:
        wrong.append(f"REDIS_TLS={settings.redis_tls}: must be one of {', '.join(TLS_MODES)}")
    try:
        if settings.redis_password == "":
            wrong.append(f"REDIS_PASSWORD_FILE={password_file}: the file is empty")
    except (OSError, UnicodeDecodeError) as error:
        wrong.append(f"REDIS_PASSWORD_FILE={password_file}: the file cannot be read ({error})")
    if wrong:
        raise ValueError("; ".join(wrong))
    return settings
