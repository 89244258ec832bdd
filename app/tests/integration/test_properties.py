"""No generated request makes the API answer 500. Does not prove requests that are not generated."""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

from ragapp.api.app import make_app
from ragapp.services import Services


def test_no_request_makes_the_api_fail(services: Services) -> None:
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", make_app(services))
    operations = [operation.ok() for operation in schema.get_all_operations()]  # type: ignore[union-attr]
    assert len(operations) == 7

    for operation in operations:

        @settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def check(case: "schemathesis.Case[Any]") -> None:
            case.call_and_validate(checks=[not_a_server_error])

        check()
