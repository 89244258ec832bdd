"""Generated requests of an editor: none makes the API fail, and each answer is as described.

Does not test requests that are not generated, or the answers of ingress and gateway:
tests/slow/attacks.test.ts sends generated requests to a stack.
"""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from ragapp.api.app import make_app
from ragapp.services import Services
from ragkit_testing.identities import as_person, require

# No request to these paths can be wrong.
WITHOUT_INPUT = ("/api/health", "/api/ready")
# A schema cannot say which files and which questions have text. Without, they get 415 and 422.
TOO_STRICT: list[Any] = [positive_data_acceptance]


def test_every_answer_is_as_described(
    services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    require(monkeypatch, tmp_path)
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", make_app(services), headers=as_person("ed"))
    operations = [operation.ok() for operation in schema.get_all_operations()]  # type: ignore[union-attr]
    assert len(operations) == 7
    for operation in operations:
        check(operation, GenerationMode.POSITIVE)
        if operation.path not in WITHOUT_INPUT:
            check(operation, GenerationMode.NEGATIVE)


def check(operation: Any, mode: GenerationMode) -> None:
    """Send generated requests that are right, or that are wrong."""
    editor, described = as_person("ed"), set(operation.definition.raw["responses"])

    @settings(
        max_examples=20,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: "schemathesis.Case[Any]") -> None:
        response = case.call_and_validate(headers=editor, excluded_checks=TOO_STRICT)
        # The check of schemathesis accepts any status, because of `default`.
        assert str(response.status_code) in described, response.status_code
        assert response.status_code not in (401, 403), response.status_code

    send()
