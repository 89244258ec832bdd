"""Settings report all errors at once. Each error names its variable and what to do."""

import pytest

from ragapp.settings import SettingsError, load_settings


def errors() -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return str(caught.value).splitlines()[1:]


def test_the_required_settings_are_enough(minimal: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert (settings.embedding_model, settings.embedding_dimension) == ("all-MiniLM-L6-v2", 384)
    assert settings.vector_store == "pgvector"


def test_all_wrong_settings_are_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_DATABASE_PORT", "http")
    monkeypatch.setenv("RAG_VECTOR_STORE", "faiss")
    monkeypatch.setenv("RAG_LLM_PROVIDER", "openai")
    monkeypatch.setenv("RAG_DATABSE_USER", "rag")
    names = [line.strip().split(":")[0] for line in errors()]
    assert names == [
        "RAG_DATABSE_USER",
        "RAG_DATABASE_HOST",
        "RAG_DATABASE_PORT",
        "RAG_DATABASE_PASSWORD_FILE",
        "RAG_REDIS_HOST",
        "RAG_VECTOR_STORE",
        "RAG_LLM_MODEL",
        "RAG_LLM_API_KEY_FILE",
    ]


def test_a_misspelt_name_is_reported_with_the_nearest_one(minimal: pytest.MonkeyPatch) -> None:
    minimal.setenv("RAG_DATABSE_USER", "rag")
    assert errors() == ["  RAG_DATABSE_USER: no such setting; did you mean RAG_DATABASE_USER?"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"RAG_DATABASE_PORT": "70000"}, "RAG_DATABASE_PORT: Input should be less than or equal to 65535"),
        ({"RAG_VECTOR_STORE": "chroma"}, "RAG_CHROMA_HOST: required when RAG_VECTOR_STORE is chroma"),
        (
            {"RAG_EMBEDDING_PROVIDER": "vllm"},
            "RAG_EMBEDDING_MODEL: required when RAG_EMBEDDING_PROVIDER is vllm",
        ),
        ({"RAG_EMBEDDING_PROVIDER": "mistral"}, "RAG_EMBEDDING_API_KEY_FILE: required"),
        ({"RAG_EMBEDDING_DIMENSION": "512"}, "RAG_EMBEDDING_DIMENSION: the local model has 384"),
        (
            {"RAG_EMBEDDING_MODEL": "bge"},
            "RAG_EMBEDDING_MODEL: the local provider has only all-MiniLM-L6-v2",
        ),
        ({"RAG_LLM_BASE_URL": "ollama:11434"}, "RAG_LLM_BASE_URL: must start with http:// or https://"),
        ({"RAG_CHUNK_SIZE": "200", "RAG_CHUNK_OVERLAP": "200"}, "RAG_CHUNK_OVERLAP: must be smaller"),
        ({"RAG_DATABASE_PASSWORD_FILE": "/nowhere"}, "RAG_DATABASE_PASSWORD_FILE: the file cannot be read"),
        ({"RAG_DATABASE_PASSWORD_FILE": "/dev/null"}, "RAG_DATABASE_PASSWORD_FILE: the file is empty"),
    ],
)
def test_one_wrong_value_is_reported(minimal: pytest.MonkeyPatch, values: dict[str, str], words: str) -> None:
    for name, value in values.items():
        minimal.setenv(name, value)
    assert [line for line in errors() if words in line], errors()


def test_chroma_accepts_more_dimensions_than_pgvector(minimal: pytest.MonkeyPatch, secret: object) -> None:
    minimal.setenv("RAG_EMBEDDING_PROVIDER", "openai")
    minimal.setenv("RAG_EMBEDDING_MODEL", "text-embedding-3-large")
    minimal.setenv("RAG_EMBEDDING_API_KEY_FILE", str(secret))
    assert "at most 2000" in errors()[0]
    minimal.setenv("RAG_VECTOR_STORE", "chroma")
    minimal.setenv("RAG_CHROMA_HOST", "chroma")
    assert load_settings().embedding_dimension == 3072


def test_no_representation_shows_a_secret(minimal: pytest.MonkeyPatch) -> None:
    assert "hunter2" not in repr(load_settings())
