"""The values that a question in a JSON body may have. Does not test the limits of each system."""

import pytest
from pydantic import ValidationError

from ragkit.api.questions import Question


@pytest.mark.parametrize("k", [5, 5.0])
def test_a_whole_number_is_accepted(k: object) -> None:
    assert Question.model_validate({"question": "what?", "k": k}).k == 5


@pytest.mark.parametrize("k", [True, False, "5", 5.5, None, [5], 0, 51])
def test_anything_else_is_refused(k: object) -> None:
    with pytest.raises(ValidationError):
        Question.model_validate({"question": "what?", "k": k})
