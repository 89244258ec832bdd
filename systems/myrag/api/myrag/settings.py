"""Settings from environment variables. `ragkit.environment` reads those of the models."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ragkit.bounds import MAX_PASSAGES
from ragkit.database import Address
from ragkit.environment import (
    model_from_environment,
    number,
    or_exit,
    port,
    required,
    required_secret_file,
    secret_file,
)
from ragkit.pgvector import MAX_DIMENSION
from ragkit.providers import ModelSettings
from ragkit.secret_files import read_secret

# A shorter path could be guessed.
METRICS_PATH = re.compile(r"[A-Za-z0-9_-]{16,128}")


@dataclass(frozen=True)
class Settings:
    """The settings of the API and the migrations. With an empty metrics path no metrics are
    served."""

    database: Address
    data_dir: Path
    max_upload_mb: int
    ingest_timeout: int
    max_passages: int
    metrics_path: str
    embedding: ModelSettings
    llm: ModelSettings


def load_settings() -> Settings:
    """Read the environment, or raise a ValueError that names the variable and what to do."""
    embedding = model_from_environment("embedding")
    if embedding.dimension > MAX_DIMENSION:
        raise ValueError(
            f"EMBEDDING_MODEL={embedding.model}: it has {embedding.dimension} dimensions, and pgvector "
            f"indexes at most {MAX_DIMENSION}; choose another"
        )
    return Settings(
        database=Address(
            host=required("POSTGRES_HOST"),
            port=port("POSTGRES_PORT", 5432),
            database=required("POSTGRES_DB"),
            user=required("POSTGRES_USER"),
            password_file=required_secret_file("POSTGRES_PASSWORD_FILE"),
        ),
        data_dir=Path(os.environ.get("DATA_DIR") or "/data"),
        # A file is embedded while its upload waits. On one core, 10 MB of text take some minutes.
        max_upload_mb=number("MAX_UPLOAD_MB", 10, 1, 1024),
        # Less than the 600 s that the gateway waits for the answer to an upload.
        ingest_timeout=number("INGEST_TIMEOUT_SECONDS", 540, 10, 86400),
        max_passages=number("MAX_PASSAGES", MAX_PASSAGES, 1, 1_000_000),
        metrics_path=metrics_path(),
        embedding=embedding,
        llm=model_from_environment("llm"),
    )


def load_settings_or_exit() -> Settings:
    """Read the environment, or print what is wrong and exit with code 2."""
    return or_exit(load_settings)


def metrics_path() -> str:
    """Return the secret path of the metrics with its slash, or "" when METRICS_PATH_FILE is not
    set."""
    name = "METRICS_PATH_FILE"
    if not os.environ.get(name):
        return ""
    file = secret_file(name)
    secret = read_secret(file).strip("/") if file else ""
    if not METRICS_PATH.fullmatch(secret):
        raise ValueError(f"{name}={os.environ[name]}: it must contain 16 to 128 letters, digits, - or _")
    return f"/{secret}"
