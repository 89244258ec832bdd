"""The models from plain environment variables. Does not prove that a provider accepts them."""

from pathlib import Path

import pytest

from ragkit.environment import model_from_environment
from ragkit.providers import ModelSettings, model_settings

KEY = Path("/run/secrets/key")


def test_the_defaults_of_a_provider_are_filled_in() -> None:
    assert model_settings("embedding", "mistral", key_file=KEY) == ModelSettings(
        "mistral", "mistral-embed", "https://api.mistral.ai/v1", 1024, KEY
    )
    assert model_settings("embedding", "local", model="ignored").dimension == 384
    assert model_settings("llm", "none") == ModelSettings("none", "")


def test_given_settings_are_kept() -> None:
    made = model_settings("llm", "openai", model="gpt-4o-mini", base_url="http://stub:8000/v1/", key_file=KEY)
    assert (made.model, made.base_url, made.dimension) == ("gpt-4o-mini", "http://stub:8000/v1", 0)


@pytest.mark.parametrize(
    ("kind", "provider", "model", "words"),
    [
        ("embedding", "none", "", "one of local, openai"),
        ("llm", "local", "", "one of none, openai"),
        ("embedding", "vllm", "", "name a model"),
        ("embedding", "ollama", "unheard-of", "its dimension is not known"),
        ("llm", "mistral", "mistral-small-latest", "a file that contains the API key"),
    ],
)
def test_missing_settings_are_named(kind: str, provider: str, model: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        model_settings(kind, provider, model=model)  # type: ignore[arg-type]


def test_the_environment_names_models_and_key_files(monkeypatch: pytest.MonkeyPatch, secret: Path) -> None:
    for name in ("EMBEDDING_PROVIDER", "EMBEDDING_MODEL", "LLM_PROVIDER"):
        monkeypatch.delenv(name, raising=False)
    assert model_from_environment("embedding").provider == "local"
    assert model_from_environment("llm").provider == "none"
    monkeypatch.setenv("LLM_PROVIDER", "mistral")
    monkeypatch.setenv("LLM_MODEL", "mistral-small-latest")
    monkeypatch.setenv("MISTRAL_API_KEY_FILE", str(secret.parent / "absent"))
    with pytest.raises(ValueError, match=r"LLM_PROVIDER=mistral: .* \(MISTRAL_API_KEY_FILE names it\)"):
        model_from_environment("llm")
    monkeypatch.setenv("MISTRAL_API_KEY_FILE", str(secret))
    assert model_from_environment("llm").key_file == secret


def test_the_local_model_may_be_in_another_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    assert model_settings("embedding", "local").model_dir == Path("/opt/model")
    monkeypatch.setenv("MODEL_DIR", "/home/anna/model")
    assert model_settings("embedding", "local").model_dir == Path("/home/anna/model")
