"""Settings: addresses and folders from the environment, the rest from config/mnemolite.toml."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ragapp.environment import number, refuse, secret_file


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Upload(_Section):
    """What is taken in."""

    max_mb: Annotated[int, Field(ge=1, le=1024)] = 25


class Ingestion(_Section):
    """How memories are embedded; sizes are in characters."""

    chunk_size: Annotated[int, Field(ge=100, le=8000)] = 800
    chunk_overlap: Annotated[int, Field(ge=0, le=4000)] = 100
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 5
    first_pause_seconds: Annotated[float, Field(gt=0, le=3600)] = 5
    longest_pause_seconds: Annotated[float, Field(gt=0, le=86400)] = 300
    lease_seconds: Annotated[int, Field(ge=10, le=3600)] = 60
    timeout_seconds: Annotated[int, Field(ge=10, le=86400)] = 900
    poll_seconds: Annotated[float, Field(ge=0.1, le=10)] = 1

    @model_validator(mode="after")
    def _overlap(self) -> "Ingestion":
        if self.chunk_overlap >= self.chunk_size:
            raise ValueError("chunk_overlap must be smaller than chunk_size")
        return self


class Search(_Section):
    """How memories are found."""

    default_k: Annotated[int, Field(ge=1, le=50)] = 5
    cache_entries: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000


class Config(_Section):
    """The file config/mnemolite.toml."""

    upload: Upload = Upload()
    ingestion: Ingestion = Ingestion()
    search: Search = Search()


@dataclass(frozen=True)
class Settings:
    """What the API, the worker and the setup need to know."""

    database_host: str
    database_port: int
    database_name: str
    database_user: str
    database_password_file: Path
    chroma_url: str
    api_workers: int
    templates_dir: Path
    cache_dir: Path
    config: Config


def load_settings() -> Settings:
    """Read environment and file, or raise a ValueError that names what is wrong."""
    name = "DATABASE_PASSWORD_FILE"
    password_file = secret_file(name)
    if password_file is None:
        found = os.environ.get(name)
        raise ValueError(f"{name}={found}: absent or empty" if found else f"{name}: required, but not set")
    return Settings(
        database_host=os.environ.get("DATABASE_HOST") or "database",
        database_port=number("DATABASE_PORT", 5432, 1, 65535),
        database_name=os.environ.get("DATABASE_NAME") or "mnemolite",
        database_user=os.environ.get("DATABASE_USER") or "mnemolite",
        database_password_file=password_file,
        chroma_url=(
            f"http://{os.environ.get('CHROMA_HOST') or 'chromadb'}:{number('CHROMA_PORT', 8000, 1, 65535)}"
        ),
        api_workers=number("API_WORKERS", 2, 1, 64),
        templates_dir=folder("TEMPLATES_DIR"),
        cache_dir=folder("CACHE_DIR"),
        config=load_config(folder("CONFIG_DIR") / "mnemolite.toml"),
    )


def load_settings_or_exit() -> Settings:
    """Read environment and file, or print what is wrong and exit with code 2."""
    try:
        return load_settings()
    except ValueError as error:
        refuse(error)


def load_config(path: Path) -> Config:
    """Read the file, or raise a ValueError that names the setting; what it leaves out has its default."""
    try:
        return Config.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise ValueError(f"{path}: " + "; ".join(lines)) from error


def folder(name: str) -> Path:
    """Return the folder that a variable names, by default one beside the package."""
    default = Path(__file__).parent.parent / name.removesuffix("_DIR").lower()
    return Path(os.environ.get(name) or default)
