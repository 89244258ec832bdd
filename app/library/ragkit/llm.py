"""Answers from a chat model over an OpenAI-compatible endpoint. Extra: models."""

from collections.abc import Iterator

from ragkit.errors import Unavailable
from ragkit.metrics import TOKENS
from ragkit.openai_client import OpenAIClient, make_client
from ragkit.providers import ModelSettings


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
        # Mistral always reports usage and refuses the option.
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
    """Return the chat model that the settings name, or None for the provider `none`."""
    if settings.provider == "none":
        return None
    return ChatModel(make_client(settings), settings.model)
