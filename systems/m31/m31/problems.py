"""Errors as problem details (RFC 9457): a title, words, and the status."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException


def install(app: FastAPI) -> None:
    """Let the application answer every error with problem details."""

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # The input is not repeated: it may hold what cannot be written as UTF-8.
        words = (f"{_place(item['loc'])}: {item['msg']}" for item in error.errors())
        return _problem(422, "; ".join(words))

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        return _problem(error.status_code, str(error.detail))

    @app.exception_handler(Exception)
    async def _ours(_: Request, _error: Exception) -> JSONResponse:
        return _problem(500, "an unexpected error; the log has it")


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location[1:]) or "body"


def _problem(status: int, detail: str) -> JSONResponse:
    body = {"title": HTTPStatus(status).phrase, "detail": detail, "status": status}
    return JSONResponse(body, status, media_type="application/problem+json")
