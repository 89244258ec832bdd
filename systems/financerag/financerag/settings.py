"""Settings from the environment."""

import os
from dataclasses import dataclass
from pathlib import Path

from ragapp.environment import model_from_environment, number, refuse
from ragapp.providers import ModelSettings

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class Settings:
    """What the application needs to know; without a `chroma_host` Chroma runs in this process."""

    embedding: ModelSettings
    llm: ModelSettings
    chroma_path: Path
    chroma_host: str
    chroma_port: int
    documents_dir: Path
    watch: bool
    processes: int
    max_upload_mb: int
    log_level: str


def load(processes: int | None = None) -> Settings:
    """Read the environment, or raise ValueError; a given number of processes replaces WEB_CONCURRENCY."""
    settings = Settings(
        embedding=model_from_environment("embedding"),
        llm=model_from_environment("llm"),
        chroma_path=Path(os.environ.get("CHROMA_PATH") or "/app/data"),
        chroma_host=os.environ.get("CHROMA_HOST", ""),
        chroma_port=number("CHROMA_PORT", 8000, 1, 65535),
        documents_dir=Path(os.environ.get("DOCUMENTS_DIR") or "/app/documents"),
        watch=bool(number("WATCH_DOCUMENTS", 0, 0, 1)),
        processes=processes or number("WEB_CONCURRENCY", 1, 1, 64),
        max_upload_mb=number("MAX_UPLOAD_MB", 25, 1, 1024),
        log_level=os.environ.get("LOG_LEVEL") or "INFO",
    )
    if settings.log_level not in LEVELS:
        raise ValueError(f"LOG_LEVEL={settings.log_level}: one of {', '.join(LEVELS)}")
    if settings.chroma_host:
        return settings
    if settings.processes > 1:
        raise ValueError(
            f"WEB_CONCURRENCY={settings.processes}: Chroma in the process cannot be shared by several; "
            "set CHROMA_HOST to a Chroma server, or WEB_CONCURRENCY=1"
        )
    folder = settings.chroma_path
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        owner = folder.stat().st_uid if folder.is_dir() else "nobody"
        raise ValueError(
            f"CHROMA_PATH={folder}: user {os.getuid()} cannot write there (it belongs to {owner}); "
            f"run `chown -R {os.getuid()}:{os.getgid()}` on the volume as root"
        )
    return settings


def load_or_exit(processes: int | None = None) -> Settings:
    """Read the environment, or print what is wrong and exit with code 2."""
    try:
        return load(processes)
    except ValueError as error:
        refuse(error)
