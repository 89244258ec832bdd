"""Settings from environment variables that start with RAG_. All errors are reported at once."""

import difflib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ragkit.bounds import MAX_PASSAGES
from ragkit.pgvector import MAX_DIMENSION
from ragkit.providers import DIMENSIONS, EMBEDDING_MODELS, NEEDS_KEY, URLS, ModelSettings
from ragkit.secret_files import read_secret

# Only the UI reads these settings, and the UI does not use pydantic. They are listed here so that
# they are not reported as misspelled.
UI_SETTINGS = {"RAG_API_URL", "RAG_PROMETHEUS_URL", "RAG_MAX_SESSION_UPLOAD_MB"}


def _readable(path: Path) -> Path:
    try:
        empty = not read_secret(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"the file cannot be read ({error}); name a file that contains the secret"
        ) from error
    if empty:
        raise ValueError("the file is empty; it must contain the secret")
    return path


Port = Annotated[int, Field(ge=1, le=65535)]
SecretFile = Annotated[Path, AfterValidator(_readable)]


class SettingsError(Exception):
    """The settings in the environment are wrong. The message lists every reason."""


class Settings(BaseSettings):
    """The settings of the API, the worker and the migrations."""

    model_config = SettingsConfigDict(
        env_prefix="RAG_", env_ignore_empty=True, frozen=True, extra="ignore", validate_default=True
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    database_host: str
    database_port: Port = 5432
    database_name: str = "rag"
    database_user: str = "rag"
    database_password_file: SecretFile
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 5

    redis_host: str
    redis_port: Port = 6379
    redis_user: str = ""
    redis_password_file: SecretFile | None = None
    redis_tls: Literal["disable", "require", "verify-full"] = "disable"
    redis_tls_authority: SecretFile | None = None

    vector_store: Literal["pgvector", "chroma"] = "pgvector"
    chroma_host: str = ""
    chroma_port: Port = 8000
    chroma_tls: bool = False

    embedding_provider: Literal["local", "openai", "mistral", "ollama", "vllm"] = "local"
    embedding_base_url: str = ""
    embedding_model: str = ""
    embedding_dimension: Annotated[int, Field(ge=0, le=65536)] = 0
    embedding_api_key_file: SecretFile | None = None
    embedding_change: Literal["refuse", "reindex"] = "refuse"
    model_dir: Path = Path("/opt/model")

    llm_provider: Literal["none", "openai", "mistral", "ollama", "vllm"] = "none"
    llm_base_url: str = ""
    llm_model: str = ""
    llm_api_key_file: SecretFile | None = None
    provider_timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60

    tokens_per_day: Annotated[int, Field(ge=1)] | None = None

    chunk_size: Annotated[int, Field(ge=100, le=8000)] = 800
    chunk_overlap: Annotated[int, Field(ge=0, le=4000)] = 100
    min_score: Annotated[float, Field(ge=-1, le=1)] = 0
    max_upload_mb: Annotated[int, Field(ge=1, le=1024)] = 25
    max_passages: Annotated[int, Field(ge=1, le=1_000_000)] = MAX_PASSAGES

    api_workers: Annotated[int, Field(ge=1, le=64)] = 1
    worker_threads: Annotated[int, Field(ge=1, le=64)] = 1
    drain_seconds: Annotated[float, Field(ge=0, le=60)] = 2
    shutdown_seconds: Annotated[int, Field(ge=1, le=600)] = 20
    ingest_timeout_seconds: Annotated[int, Field(ge=10, le=86400)] = 900
    reload: bool = False

    @property
    def embedding(self) -> ModelSettings:
        """The settings of the embedder."""
        return ModelSettings(
            provider=self.embedding_provider,
            model=self.embedding_model,
            base_url=self.embedding_base_url,
            dimension=self.embedding_dimension,
            key_file=self.embedding_api_key_file,
            timeout=self.provider_timeout_seconds,
            model_dir=self.model_dir,
        )

    @property
    def llm(self) -> ModelSettings:
        """The settings of the chat model."""
        return ModelSettings(
            provider=self.llm_provider,
            model=self.llm_model,
            base_url=self.llm_base_url,
            key_file=self.llm_api_key_file,
            timeout=self.provider_timeout_seconds,
        )

    @field_validator("chroma_host")
    @classmethod
    def _chroma_host(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("vector_store") == "chroma" and not value:
            raise ValueError("required when RAG_VECTOR_STORE is chroma")
        return value

    @field_validator("embedding_base_url", "llm_base_url")
    @classmethod
    def _base_url(cls, value: str, info: ValidationInfo) -> str:
        kind = (info.field_name or "").removesuffix("_base_url")
        value = value or URLS.get(info.data.get(f"{kind}_provider", ""), "")
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("embedding_model")
    @classmethod
    def _embedding_model(cls, value: str, info: ValidationInfo) -> str:
        provider = info.data.get("embedding_provider", "local")
        default = EMBEDDING_MODELS.get(provider, "")
        if provider == "local" and value not in ("", default):
            raise ValueError(f"the local provider has only {default}; leave this unset")
        if not value and not default:
            raise ValueError(f"required when RAG_EMBEDDING_PROVIDER is {provider}")
        return value or default

    @field_validator("embedding_dimension")
    @classmethod
    def _embedding_dimension(cls, value: int, info: ValidationInfo) -> int:
        model = info.data.get("embedding_model", "")
        value = value or DIMENSIONS.get(model, 0)
        if not value and model:
            raise ValueError(f"required, because the dimension of {model} is not known")
        if info.data.get("embedding_provider") == "local" and value != DIMENSIONS[EMBEDDING_MODELS["local"]]:
            raise ValueError(f"the local model has {DIMENSIONS[EMBEDDING_MODELS['local']]}; leave this unset")
        if info.data.get("vector_store") == "pgvector" and value > MAX_DIMENSION:
            raise ValueError(
                f"pgvector indexes at most {MAX_DIMENSION} dimensions; "
                "choose fewer or set RAG_VECTOR_STORE=chroma"
            )
        return value

    @field_validator("llm_model")
    @classmethod
    def _llm_model(cls, value: str, info: ValidationInfo) -> str:
        provider = info.data.get("llm_provider", "none")
        if provider != "none" and not value:
            raise ValueError(f"required when RAG_LLM_PROVIDER is {provider}")
        return value

    @field_validator("embedding_api_key_file", "llm_api_key_file")
    @classmethod
    def _api_key_file(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        kind = (info.field_name or "").removesuffix("_api_key_file")
        provider = info.data.get(f"{kind}_provider")
        if value is None and provider in NEEDS_KEY:
            raise ValueError(
                f"required when RAG_{kind.upper()}_PROVIDER is {provider}: a file that contains the key"
            )
        return value

    @field_validator("chunk_overlap")
    @classmethod
    def _chunk_overlap(cls, value: int, info: ValidationInfo) -> int:
        size = info.data.get("chunk_size", 8001)
        if value >= size:
            raise ValueError(f"must be smaller than RAG_CHUNK_SIZE, which is {size}")
        return value


def load_settings() -> Settings:
    """Read the environment, or raise one SettingsError with a line for every setting that is
    wrong."""
    lines = _unknown_names(os.environ)
    try:
        settings = Settings()
    except ValidationError as error:
        lines += [_line(dict(item)) for item in error.errors()]
    if lines:
        raise SettingsError("The settings cannot be used:\n" + "\n".join(f"  {line}" for line in lines))
    return settings


def load_settings_or_exit() -> Settings:
    """Read the environment, or print what is wrong and exit with code 2."""
    try:
        return load_settings()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


def _line(error: dict[str, object]) -> str:
    location = error["loc"]
    name = "RAG_" + str(location[0] if isinstance(location, tuple) else location).upper()
    if error["type"] == "missing":
        return f"{name}: required, but not set"
    reason = str(error["msg"]).removeprefix("Value error, ")
    found = error["input"]
    return f"{name}: {reason}" + (f" (found {str(found)!r})" if found not in ("", 0, None) else "")


def _unknown_names(environment: Mapping[str, str]) -> list[str]:
    known = {f"RAG_{field.upper()}" for field in Settings.model_fields} | UI_SETTINGS
    lines = []
    for name in sorted(environment):
        if name.startswith("RAG_") and not name.startswith("RAG_TEST_") and name not in known:
            close = difflib.get_close_matches(name, known, 1)
            lines.append(f"{name}: no such setting" + (f"; did you mean {close[0]}?" if close else ""))
    return lines
