"""Compares the errors that the API describes with those that it sends."""

from ragapp.api.app import make_app
from ragapp.services import make_services
from ragapp.settings import Settings
from ragkit_testing.openapi import undescribed_answers, wrong_descriptions


def test_every_error_is_described_as_problem_details(settings: Settings) -> None:
    app = make_app(make_services(settings))
    # Readiness describes what is wrong with a model that has more fields.
    assert wrong_descriptions(app, own=("Readiness",)) == []
    assert undescribed_answers(app) == []
