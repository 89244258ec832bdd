"""Answers from a chat model over an OpenAI-compatible endpoint."""

from collections.abc import Iterator

from ragapp.errors import Unavailable
from ragapp.metrics import TOKENS
from ragapp.openai_client import OpenAIClient
from ragapp.providers import ModelSettings
from ragapp.secret_files import read_secret


class ChatModel:
    """Streams a chat model's answer."""

    def __init__(self, client: OpenAIClient, model: str) -> None:
        self._client = client
        self._model = model

    def stream(self, system: str, user: str) -> Iterator[str]:
        """Yield the answer piece by piece."""
        body: dict[str, object] = {
            "model": self._model,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
            "temperature": 0.1,
            "stream": True,
        }
        # Mistral reports usage unasked and refuses the option.
        if self._client.provider != "mistral":
            body["stream_options"] = {"include_usage": True}
        for event in self._client.stream("/chat/completions", body):
            if "error" in event:
                raise Unavailable(self._client.provider, f"the answer broke off ({event['error']})")
            usage = event.get("usage") or {}
            TOKENS.labels("prompt").inc(usage.get("prompt_tokens") or 0)
            TOKENS.labels("completion").inc(usage.get("completion_tokens") or 0)
            for choice in event.get("choices") or []:
                if content := (choice.get("delta") or {}).get("content"):
                    yield content

    def check(self) -> None:
        """Raise Unavailable when a self-hosted endpoint does not answer."""
        self._client.check()


def make_chat_model(settings: ModelSettings) -> ChatModel | None:
    """Return the chat model that the settings name, if any."""
    if settings.provider == "none":
        return None
    key_file = settings.key_file
    client = OpenAIClient(
        settings.provider,
        settings.base_url,
        key=(lambda: read_secret(key_file)) if key_file else None,
        timeout=settings.timeout,
    )
    return ChatModel(client, settings.model)
