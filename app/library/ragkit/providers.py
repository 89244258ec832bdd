"""Facts about the model providers. All but `local` have an OpenAI-compatible API."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

URLS = {
    "openai": "https://api.openai.com/v1",
    "mistral": "https://api.mistral.ai/v1",
    "ollama": "http://ollama:11434/v1",
    "vllm": "http://vllm:8000/v1",
}

# These providers refuse requests without a key. Ollama and vLLM accept one but require none by
# default.
NEEDS_KEY = frozenset({"openai", "mistral"})

# These providers run next to the application. A request that checks whether they are up costs no
# money.
SELF_HOSTED = frozenset({"ollama", "vllm"})

EMBEDDING_MODELS = {
    "local": "all-MiniLM-L6-v2",
    "openai": "text-embedding-3-small",
    "mistral": "mistral-embed",
    "ollama": "nomic-embed-text",
}

DIMENSIONS = {
    "all-MiniLM-L6-v2": 384,
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
    "mistral-embed": 1024,
    "nomic-embed-text": 768,
    "mxbai-embed-large": 1024,
    "bge-m3": 1024,
}

# The number of tokens that these models read of one text. Ollama cuts a longer text without notice,
# or refuses it, depending on its version (ollama/ollama#14186 and #14259). Both models have the
# vocabulary of bert-base-uncased. OpenAI and Mistral read about 8,000 tokens and refuse longer
# texts.
WORDPIECE_TOKENS = {
    "nomic-embed-text": 2048,
    "mxbai-embed-large": 512,
}


@dataclass(frozen=True)
class ModelSettings:
    """The settings of an embedder or a chat model: which model to use, and where it is.

    `dimension` applies to embeddings, `model_dir` to the local embedding model, which is in the image
    unless MODEL_DIR names another folder. `timeout` is in seconds.
    """

    provider: str
    model: str
    base_url: str = ""
    dimension: int = 0
    key_file: Path | None = None
    timeout: float = 60
    model_dir: Path = field(default_factory=lambda: Path(os.environ.get("MODEL_DIR") or "/opt/model"))


def model_settings(
    kind: Literal["embedding", "llm"],
    provider: str,
    *,
    model: str = "",
    base_url: str = "",
    key_file: Path | None = None,
) -> ModelSettings:
    """Return settings with the provider's defaults filled in. A ValueError names what is missing.

    The providers are those of URLS, and `local` for embeddings or `none` for a chat model.
    """
    without_url = "local" if kind == "embedding" else "none"
    if provider not in (without_url, *URLS):
        raise ValueError(f"{kind} provider {provider!r}: one of {', '.join((without_url, *URLS))}")
    if provider == without_url:
        model = EMBEDDING_MODELS.get(provider, "")
        return ModelSettings(provider, model, dimension=DIMENSIONS.get(model, 0))
    if kind == "embedding":
        model = model or EMBEDDING_MODELS.get(provider, "")
    if not model:
        raise ValueError(f"{kind} provider {provider}: name a model")
    dimension = DIMENSIONS.get(model, 0) if kind == "embedding" else 0
    if kind == "embedding" and not dimension:
        raise ValueError(
            f"embedding model {model!r}: its dimension is not known; one of {', '.join(DIMENSIONS)}"
        )
    if key_file is None and provider in NEEDS_KEY:
        raise ValueError(f"{kind} provider {provider}: a file that contains the API key is required")
    return ModelSettings(provider, model, (base_url or URLS[provider]).rstrip("/"), dimension, key_file)
