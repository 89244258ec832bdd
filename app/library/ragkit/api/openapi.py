"""The description of errors in an application's OpenAPI schema. Extra: api."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from ragkit.api.problems import ProblemDetails

JSON, PROBLEM = "application/json", "application/problem+json"
NAME = ProblemDetails.__name__
CONTENT = {PROBLEM: {"schema": {"$ref": f"#/components/schemas/{NAME}"}}}
# The errors that any request may get. Ingress and gateway send the first three.
ALWAYS = {
    "401": "The request has no session and no valid API key",
    "403": "The role does not allow this, or a page of another site sent the request",
    "429": "Too many requests; Retry-After says when to send the next one",
    "503": "Too many requests at once, or a dependency is down",
}
WITH_BODY = {
    "400": "The body cannot be parsed",
    "413": "The body is too large",
    "422": "A value is wrong",
}
# The models that FastAPI describes instead. These applications never send them.
VALIDATION = ("HTTPValidationError", "ValidationError")


def install(app: FastAPI) -> None:
    """Describe every error as problem details, with the media type that is sent.

    Without this, FastAPI describes each response model as application/json, and its own model for
    422.
    """
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _describe(generate())
        assert app.openapi_schema is not None  # noqa: S101
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _describe(schema: dict[str, Any]) -> None:
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    schemas[NAME] = ProblemDetails.model_json_schema()
    for name in VALIDATION:
        schemas.pop(name, None)
    for operation in _operations(schema):
        responses = operation["responses"]
        for status, response in responses.items():
            described = response.get("content", {}).get(JSON, {}).get("schema", {}).get("$ref", "")
            if status >= "4" and described.rpartition("/")[2] in (NAME, *VALIDATION):
                response["content"] = CONTENT
        for status, description in {**ALWAYS, **(WITH_BODY if "requestBody" in operation else {})}.items():
            responses.setdefault(status, _problem(description))
        responses["default"] = _problem("Any other error")


def _operations(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in schema["paths"].values():
        yield from (operation for operation in path.values() if "responses" in operation)


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": CONTENT}
