"""The settings that the program writes, and the secrets of the service."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from frontdoor.auth.roles import DefaultRole, Role
from ragkit.environment import required_secret_file
from ragkit.secret_files import read_secret

SETTINGS_FILE = "/etc/ragdock/auth.json"
DATABASE = "/data/auth.sqlite3"
IDENTITY_KEY_FILE = "/run/secrets/identity-key"
# RFC 7518, 3.2: a key of HS256 has at least as many bits as its hash.
LEAST_KEY_BYTES = 32


class Strict(BaseModel):
    """A part of the settings. Unknown names and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)


class BuiltIn(Strict):
    """People sign in with a password."""

    users: Literal[True]


class Allow(Strict):
    """The people of a provider who may sign in: those that one of the lists names."""

    domains: list[str] = []
    groups: list[str] = []
    emails: list[str] = []


class Provider(Strict):
    """People sign in at an OpenID Connect provider."""

    issuer: str = Field(pattern="^https?://")
    client_id: str = Field(min_length=1)
    allow: Allow

    @model_validator(mode="after")
    def _names_someone(self) -> Self:
        if not (self.allow.domains or self.allow.groups or self.allow.emails):
            raise ValueError(
                "allow: all lists are empty, so that no one could sign in; name domains, groups or emails"
            )
        return self


class Roles(Strict):
    """Roles of the people of a provider: email addresses, and groups as `group:<name>`."""

    admin: list[str] = []
    editor: list[str] = []
    reader: list[str] = []
    default: DefaultRole = "reader"


class Limits(Strict):
    """Requests per minute of one person or key."""

    requests: int = Field(1200, ge=1)
    questions: int = Field(60, ge=1)
    uploads: int = Field(60, ge=1)


class Access(Strict):
    """The role that some requests need, and the limit that counts them."""

    path: str = Field(pattern="^/")
    prefix: bool = False
    service: str | None = None
    methods: list[str] | None = None
    role: Role
    counts: Literal["questions", "uploads"] | None = None


class ApiPath(Strict):
    """Paths of a service that programs use. Browsers get no redirects and no pages there."""

    path: str = Field(pattern="^/")
    service: str | None = None


class Settings(Strict):
    """What the program wrote to AUTH_SETTINGS_FILE."""

    audience: str = Field(min_length=1)
    title: str
    secure_cookies: bool
    replicas: int = Field(ge=1)
    sign_in: BuiltIn | Provider
    roles: Roles = Roles()
    limits: Limits = Limits()
    access: list[Access] = []
    api_paths: list[ApiPath] = []


@dataclass(frozen=True)
class Secrets:
    """The secrets of the service."""

    identity_key: str
    client_secret: str = ""


def load_settings() -> Settings:
    """Return the settings of AUTH_SETTINGS_FILE, or raise ValueError with all that is wrong."""
    file = Path(os.environ.get("AUTH_SETTINGS_FILE") or SETTINGS_FILE)
    try:
        return Settings.model_validate_json(file.read_bytes())
    except OSError as error:
        raise ValueError(f"{file}: cannot be read ({error.strerror})") from error
    except ValidationError as error:
        mistakes = (
            f"{'.'.join(str(part) for part in item['loc']) or 'the file'}: {item['msg']}"
            for item in error.errors()
        )
        raise ValueError(f"{file}: {'; '.join(mistakes)}") from error


def load_secrets(settings: Settings) -> Secrets:
    """Return the secrets that these settings need, or raise ValueError."""
    os.environ.setdefault("IDENTITY_KEY_FILE", IDENTITY_KEY_FILE)
    file = required_secret_file("IDENTITY_KEY_FILE")
    key = read_secret(file)
    if len(key.encode()) < LEAST_KEY_BYTES:
        raise ValueError(f"IDENTITY_KEY_FILE={file}: shorter than {LEAST_KEY_BYTES} bytes")
    if isinstance(settings.sign_in, BuiltIn):
        return Secrets(key)
    return Secrets(key, read_secret(required_secret_file("SIGN_IN_CLIENT_SECRET_FILE")))


def database_path() -> Path:
    """Return the file of the database."""
    return Path(os.environ.get("AUTH_DATABASE") or DATABASE)
