"""Compares the errors that a small application describes with those that it sends."""

from unittest.mock import MagicMock

from fastapi import FastAPI
from fastapi.testclient import TestClient

from ragkit.api.library import make_app
from ragkit_testing.openapi import undescribed_answers, wrong_descriptions


def app() -> FastAPI:
    library = MagicMock()
    library.documents.return_value = []
    return make_app("T", library, None)


def test_every_error_is_described_as_problem_details() -> None:
    assert wrong_descriptions(app()) == []
    assert undescribed_answers(app()) == []
    assert "HTTPValidationError" not in str(app().openapi())


def test_a_method_that_no_route_has_gets_the_list_of_allowed_methods() -> None:
    answer = TestClient(app()).delete("/documents")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_slash_at_the_end_does_not_redirect_to_the_host_of_the_request() -> None:
    answer = TestClient(app()).get("/documents/", headers={"Host": "evil.example"}, follow_redirects=False)
    assert answer.status_code == 404
