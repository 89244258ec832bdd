"""Errors as problem details (RFC 9457): a title, a detail and the status. Extra: api."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match

from ragkit.errors import Refused, SpaceMismatch, Unavailable

# The detail of an error that the application does not know.
UNEXPECTED = "an unexpected error; the log has the details"
# `filename*` alone is not enough: RFC 7578 does not allow it in forms.
NO_FILE = "send the file as a field of multipart/form-data, with `filename` in its Content-Disposition"


METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


class ProblemDetails(BaseModel):
    """The body of every answer outside 2xx."""

    title: str
    detail: str
    status: int


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the description of these errors for a route."""
    return {status: {"model": ProblemDetails} for status in statuses}


class Problem(Exception):
    """A request that cannot be fulfilled. The detail says why, and the headers are the answer's."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.headers = headers or {}
        self.status = status
        self.detail = detail


def problem_of(error: Exception) -> Problem | None:
    """Return the problem for an error of `ragkit.errors`. Return None for any other error."""
    match error:
        case Problem():
            return error
        case Unavailable():
            return Problem(503, str(error))
        case SpaceMismatch():
            return Problem(409, str(error))
        case Refused():
            return Problem(502, str(error))
        case _:
            return None


def render(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return a problem as a response."""
    body = ProblemDetails(
        title=HTTPStatus(problem.status).phrase, detail=problem.detail, status=problem.status
    )
    retry = {"Retry-After": "5"} if problem.status == 503 else {}
    return JSONResponse(
        body.model_dump(),
        problem.status,
        headers={**retry, **problem.headers, **(headers or {})},
        media_type="application/problem+json",
    )


def install(
    app: FastAPI,
    *kinds: type[Exception],
    translate: Callable[[Exception], Problem | None] = problem_of,
) -> None:
    """Let the application answer every error with problem details.

    An application with its own kinds of errors passes them, and the function that translates them.
    """

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return render(Problem(422, "; ".join(_reason(dict(item)) for item in error.errors())))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        # The framework lists the methods of only one of the routes at this path.
        headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
        return render(Problem(error.status_code, str(error.detail)), headers)

    async def _known(_: Request, error: Exception) -> JSONResponse:
        problem = translate(error)
        if problem is None:
            raise error
        return render(problem)

    for kind in (Problem, Unavailable, SpaceMismatch, Refused, *kinds):
        app.add_exception_handler(kind, _known)

    @app.exception_handler(Exception)
    async def _unexpected(_: Request, _error: Exception) -> JSONResponse:
        return render(Problem(500, UNEXPECTED))


def _allowed(request: Request) -> str:
    """Return the methods of all routes at the path of the request."""
    return ", ".join(
        method
        for method in METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] == Match.FULL
            for route in request.app.routes
        )
    )


def _reason(error: dict[str, Any]) -> str:
    # The detail omits the input and its context, because both may contain characters that UTF-8
    # cannot encode.
    if error["type"] == "json_invalid":
        return f"the body is not JSON: {error.get('ctx', {}).get('error', 'it cannot be parsed')}"
    field = ".".join(str(part) for part in error["loc"][1:]) or "body"
    if "Expected UploadFile" in error["msg"] or (error["type"], field) == ("missing", "file"):
        return f"{field}: {NO_FILE}"
    if error["type"] == "missing":
        return f"{field}: required, but the request does not have it"
    return f"{field}: {str(error['msg']).removeprefix('Value error, ')}"
