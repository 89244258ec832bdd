"""The checks of a question. Extra: api."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ragkit.words import has_words


def sensible(text: str, what: str = "the text") -> str:
    """Return the text without surrounding white space.

    Raises ValueError for an empty text, for NUL, and for a text without any letter or digit.
    """
    if not text.strip():
        raise ValueError(f"{what} is empty")
    if "\x00" in text:
        raise ValueError(f"{what} has a NUL character")
    if not has_words(text):
        raise ValueError(f"{what} contains no letter and no digit")
    return text.strip()


def number(value: object) -> object:
    """Refuse texts and booleans, which pydantic turns into numbers."""
    if isinstance(value, bool | str):
        raise ValueError("it is not a number")
    return value


# A whole number in a JSON body.
Whole = Annotated[int, BeforeValidator(number)]


class Question(BaseModel):
    """A question and the number of passages to retrieve for it."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[
        str, Field(min_length=1, max_length=4000), AfterValidator(lambda text: sensible(text, "the question"))
    ]
    k: Annotated[Whole, Field(ge=1, le=50)] = 5
