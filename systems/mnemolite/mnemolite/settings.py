"""Settings: addresses and folders from the environment, everything else from
config/mnemolite.toml."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ragkit.bounds import MAX_PASSAGES
from ragkit.database import Address
from ragkit.environment import number, or_exit, port, required_secret_file

type UvicornLoop = Literal["uvloop", "asyncio"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Upload(_Section):
    """The limits of the API."""

    max_mb: Annotated[int, Field(ge=1, le=1024)] = 25


class Ingestion(_Section):
    """The settings for embedding memories. Sizes are in characters."""

    chunk_size: Annotated[int, Field(ge=100, le=8000)] = 800
    chunk_overlap: Annotated[int, Field(ge=0, le=4000)] = 100
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 5
    first_pause_seconds: Annotated[float, Field(gt=0, le=3600)] = 5
    longest_pause_seconds: Annotated[float, Field(gt=0, le=86400)] = 300
    lease_seconds: Annotated[int, Field(ge=10, le=3600)] = 60
    max_passages: Annotated[int, Field(ge=1, le=1_000_000)] = MAX_PASSAGES
    timeout_seconds: Annotated[int, Field(ge=10, le=86400)] = 900
    poll_seconds: Annotated[float, Field(ge=0.1, le=10)] = 1

    @model_validator(mode="after")
    def _overlap(self) -> "Ingestion":
        if self.chunk_overlap >= self.chunk_size:
            raise ValueError("chunk_overlap must be smaller than chunk_size")
        return self


class Search(_Section):
    """The settings for searches."""

    default_k: Annotated[int, Field(ge=1, le=50)] = 5
    cache_entries: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000


class Config(_Section):
    """The file config/mnemolite.toml."""

    upload: Upload = Upload()
    ingestion: Ingestion = Ingestion()
    search: Search = Search()


@dataclass(frozen=True)
class Settings:
    """The settings of the API, the worker and the setup."""

    database: Address
    chroma_url: str
    uvicorn_workers: int
    uvicorn_loop: UvicornLoop
    templates_dir: Path
    cache_dir: Path
    config: Config


def load_settings() -> Settings:
    """Read the environment and the file, or raise a ValueError that names what is wrong."""
    return Settings(
        database=Address(
            host=os.environ.get("DATABASE_HOST") or "database",
            port=port("DATABASE_PORT", 5432),
            database=os.environ.get("DATABASE_NAME") or "mnemolite",
            user=os.environ.get("DATABASE_USER") or "mnemo",
            password_file=required_secret_file("DATABASE_PASSWORD_FILE"),
        ),
        chroma_url=(os.environ.get("CHROMA_URL") or "http://chromadb:8000").rstrip("/"),
        uvicorn_workers=number("UVICORN_WORKERS", 2, 1, 64),
        uvicorn_loop=uvicorn_loop(),
        templates_dir=folder("TEMPLATES_DIR"),
        cache_dir=folder("CACHE_DIR"),
        config=load_config(folder("CONFIG_DIR") / "mnemolite.toml"),
    )


def uvicorn_loop() -> UvicornLoop:
    """Return the event loop of the API, or raise a ValueError."""
    match os.environ.get("UVICORN_LOOP") or "uvloop":
        case "uvloop":
            return "uvloop"
        case "asyncio":
            return "asyncio"
        case other:
            raise ValueError(f"UVICORN_LOOP={other}: must be uvloop or asyncio")


def load_settings_or_exit() -> Settings:
    """Read the environment and the file, or print what is wrong and exit with code 2."""
    return or_exit(load_settings)


def load_config(path: Path) -> Config:
    """Read the file, or raise a ValueError that names the setting. Missing settings have their
    defaults."""
    try:
        return Config.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise ValueError(f"{path}: " + "; ".join(lines)) from error


def folder(name: str) -> Path:
    """Return the folder that a variable names. The default is next to the package."""
    default = Path(__file__).parent.parent / name.removesuffix("_DIR").lower()
    return Path(os.environ.get(name) or default)
