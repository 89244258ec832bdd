"""Settings from the environment."""

import os
from dataclasses import dataclass
from pathlib import Path

from ragkit.bounds import MAX_PASSAGES
from ragkit.environment import data_folder, model_from_environment, number, or_exit, port
from ragkit.providers import ModelSettings

CHROMA_PATH = "/app/data"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class Settings:
    """The settings of the application. Without a `chroma_host` Chroma runs in this process."""

    embedding: ModelSettings
    llm: ModelSettings
    chroma_path: Path
    chroma_host: str
    chroma_port: int
    chroma_tls: bool
    documents_dir: Path
    watch: bool
    processes: int
    max_upload_mb: int
    ingest_timeout: int
    max_passages: int
    log_level: str


def load(processes: int | None = None) -> Settings:
    """Read the environment, or raise ValueError. An explicit number of processes overrides
    WEB_CONCURRENCY."""
    settings = Settings(
        embedding=model_from_environment("embedding"),
        llm=model_from_environment("llm"),
        chroma_path=Path(os.environ.get("CHROMA_PATH") or CHROMA_PATH),
        chroma_host=os.environ.get("CHROMA_HOST", ""),
        chroma_port=port("CHROMA_PORT", 8000),
        chroma_tls=os.environ.get("CHROMA_TLS") == "true",
        documents_dir=Path(os.environ.get("DOCUMENTS_DIR") or "/app/documents"),
        watch=bool(number("WATCH_DOCUMENTS", 0, 0, 1)),
        processes=processes or number("WEB_CONCURRENCY", 1, 1, 64),
        max_upload_mb=number("MAX_UPLOAD_MB", 25, 1, 1024),
        # Less than the 600 s that the gateway waits for the answer to an upload.
        ingest_timeout=number("INGEST_TIMEOUT_SECONDS", 540, 10, 86400),
        max_passages=number("MAX_PASSAGES", MAX_PASSAGES, 1, 1_000_000),
        log_level=os.environ.get("LOG_LEVEL") or "INFO",
    )
    if settings.log_level not in LEVELS:
        raise ValueError(f"LOG_LEVEL={settings.log_level}: one of {', '.join(LEVELS)}")
    if settings.chroma_host:
        return settings
    if settings.processes > 1:
        raise ValueError(
            f"WEB_CONCURRENCY={settings.processes}: an embedded Chroma cannot be shared by several "
            "processes; set CHROMA_HOST to a Chroma server, or WEB_CONCURRENCY=1"
        )
    data_folder("CHROMA_PATH", CHROMA_PATH)
    return settings


def load_or_exit(processes: int | None = None) -> Settings:
    """Read the environment, or print what is wrong and exit with code 2."""
    return or_exit(lambda: load(processes))
