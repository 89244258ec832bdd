"""Settings from environment variables; the models' are those of `ragapp.environment`."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ragapp.environment import model_from_environment, number, refuse, secret_file
from ragapp.providers import ModelSettings
from ragapp.secret_files import read_secret

# pgvector's HNSW index takes at most this many dimensions for the type `vector`.
MAX_DIMENSION = 2000
# Short enough to type is short enough to guess.
METRICS_PATH = re.compile(r"[A-Za-z0-9_-]{16,128}")


@dataclass(frozen=True)
class Settings:
    """What the API and the migrations need to know; an empty metrics path means that none are served."""

    host: str
    port: int
    database: str
    user: str
    password_file: Path
    data_dir: Path
    max_upload_mb: int
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
        host=_required("POSTGRES_HOST"),
        port=number("POSTGRES_PORT", 5432, 1, 65535),
        database=_required("POSTGRES_DB"),
        user=_required("POSTGRES_USER"),
        password_file=_password_file(),
        data_dir=Path(os.environ.get("DATA_DIR") or "/data"),
        # A file is embedded while its upload waits: on one core, 10 MB of text take some minutes.
        max_upload_mb=number("MAX_UPLOAD_MB", 10, 1, 1024),
        metrics_path=metrics_path(),
        embedding=embedding,
        llm=model_from_environment("llm"),
    )


def load_settings_or_exit() -> Settings:
    """Read the environment, or print what is wrong and exit with code 2."""
    try:
        return load_settings()
    except ValueError as error:
        refuse(error)


def metrics_path() -> str:
    """Return the secret path of the metrics with its slash, "" when METRICS_PATH_FILE is not set."""
    name = "METRICS_PATH_FILE"
    if not os.environ.get(name):
        return ""
    file = secret_file(name)
    secret = read_secret(file).strip("/") if file else ""
    if not METRICS_PATH.fullmatch(secret):
        raise ValueError(f"{name}={os.environ[name]}: it must hold 16 to 128 letters, digits, - or _")
    return f"/{secret}"


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ValueError(f"{name}: required, but not set")
    return value


def _password_file() -> Path:
    name = "POSTGRES_PASSWORD_FILE"
    _required(name)
    file = secret_file(name)
    if file is None:
        raise ValueError(f"{name}={os.environ[name]}: absent or empty; name a file that holds the password")
    return file
