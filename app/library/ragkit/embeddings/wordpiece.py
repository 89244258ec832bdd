"""Counts the tokens of the models that have the vocabulary of bert-base-uncased, such as the local
one."""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

# [CLS] and [SEP] around each text.
SPECIAL_TOKENS = 2


class WordPieceWindow:
    """The tokens that a model reads of one text."""

    def __init__(self, tokenizer_file: Path, max_tokens: int) -> None:
        self.tokenizer = Tokenizer.from_file(str(tokenizer_file))
        # Some tokenizer files enable truncation. The number of tokens of a cut text would be wrong.
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.tokens = max_tokens - SPECIAL_TOKENS

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without the special ones."""
        encodings = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]
