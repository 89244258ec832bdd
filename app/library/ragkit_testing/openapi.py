"""Checks that an application's OpenAPI schema describes the errors that it sends."""

from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

PROBLEM = "application/problem+json"
REFERENCE = {"$ref": "#/components/schemas/ProblemDetails"}


def wrong_descriptions(app: FastAPI, own: tuple[str, ...] = ()) -> list[str]:
    """Return the errors that are not described as problem details.

    The models in `own` are also accepted as errors.
    """
    schema = app.openapi()
    wrong = [] if "ProblemDetails" in schema["components"]["schemas"] else ["no schema"]
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            name = f"{method.upper()} {path}"
            responses = operation["responses"]
            with_body = ["400", "413", "422"] if "requestBody" in operation else []
            needed = {"default", "401", "403", "429", "503", *with_body}
            wrong += [f"{name}: {status} is missing" for status in sorted(needed - set(responses))]
            wrong += [
                f"{name}: {status}"
                for status, response in responses.items()
                if (status >= "4" or status == "default") and not _is_problem(response, own)
            ]
    return wrong


def _is_problem(response: dict[str, Any], own: tuple[str, ...]) -> bool:
    content = response.get("content", {})
    if content == {PROBLEM: {"schema": REFERENCE}}:
        return True
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    return reference.rpartition("/")[2] in own


def undescribed_answers(app: FastAPI) -> list[str]:
    """Send wrong requests to every operation. Return the answers that are not as described."""
    client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    wrong = []
    for path, operations in app.openapi()["paths"].items():
        address = path.replace("{document_id}", "x").replace("{memory_id}", "x")
        bodies = [
            ("application/json", b"\xff"),
            ("application/json", b"{"),
            ("application/json", b"[]"),
            ("multipart/form-data", b"x"),
            ("multipart/form-data; boundary=b", b"--b\r\nx"),
            ("application/json", b"x" * 100_000),
        ]
        for method, operation in operations.items():
            for kind, body in bodies if "requestBody" in operation else [("", b"")]:
                answer = client.request(method, address, content=body, headers={"Content-Type": kind})
                described = operation["responses"].get(str(answer.status_code), {}).get("content", {})
                if answer.status_code >= 400 and answer.headers["content-type"] not in described:
                    wrong.append(f"{method} {address} {kind}: {answer.status_code}")
        refused = client.request("PROPFIND", address)
        allowed = ", ".join(sorted(method.upper() for method in operations))
        if (refused.status_code, refused.headers.get("allow")) != (405, allowed):
            wrong.append(f"{address}: {refused.status_code}, Allow: {refused.headers.get('allow')}")
        slash = client.get(f"{address.rstrip('/')}/", headers={"Host": "evil.example"})
        if slash.is_redirect:
            wrong.append(f"{address}: redirects to {slash.headers['location']}")
    return wrong
