"""Answers from a chat model over an OpenAI-compatible endpoint. Extra: models."""

import math
from collections.abc import Callable, Iterator

from ragkit.errors import Unavailable
from ragkit.metrics import TOKENS
from ragkit.openai_client import OpenAIClient, make_client
from ragkit.providers import ModelSettings

# For answers without a reported usage. A token is about four characters in English, and fewer in
# most other languages.
CHARACTERS_PER_TOKEN = 4


def ignore(_tokens: int) -> None:
    """Count no tokens."""


class ChatModel:
    """Streams a chat model's answer."""

    def __init__(self, client: OpenAIClient, model: str) -> None:
        self._client = client
        self._model = model

    def stream(self, system: str, user: str, spent: Callable[[int], None] = ignore) -> Iterator[str]:
        """Yield the answer piece by piece.

        `spent` gets the number of tokens when an answer that has begun ends, for any reason. It is
        an estimate if the model does not report it, or if the reader leaves early.
        """
        reported, characters = 0, 0
        try:
            for content, tokens in self._pieces(system, user):
                characters = (characters or len(system + user)) + len(content)
                reported += tokens
                if content:
                    yield content
        finally:
            if characters:
                spent(reported or math.ceil(characters / CHARACTERS_PER_TOKEN))

    def _pieces(self, system: str, user: str) -> Iterator[tuple[str, int]]:
        """Yield the parts of the answer, and the tokens that the model reports with each."""
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
                raise Unavailable(self._client.provider, f"the answer was interrupted ({event['error']})")
            usage = event.get("usage") or {}
            prompt, completion = (usage.get(f"{kind}_tokens") or 0 for kind in ("prompt", "completion"))
            TOKENS.labels("prompt").inc(prompt)
            TOKENS.labels("completion").inc(completion)
            contents = [(choice.get("delta") or {}).get("content") for choice in event.get("choices") or []]
            yield "".join(content or "" for content in contents), prompt + completion

    def check(self) -> None:
        """Raise Unavailable when a self-hosted endpoint does not answer."""
        self._client.check()


def make_chat_model(settings: ModelSettings) -> ChatModel | None:
    """Return the chat model that the settings name, or None for the provider `none`."""
    if settings.provider == "none":
        return None
    return ChatModel(make_client(settings), settings.model)
