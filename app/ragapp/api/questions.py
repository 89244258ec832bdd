"""What a question must look like."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _sensible(question: str) -> str:
    if not question.strip():
        raise ValueError("the question is empty")
    if "\x00" in question:
        raise ValueError("the question has a NUL character")
    return question.strip()


class Question(BaseModel):
    """A question and the number of passages to retrieve for it."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(_sensible)]
    k: Annotated[int, Field(ge=1, le=50)] = 5
