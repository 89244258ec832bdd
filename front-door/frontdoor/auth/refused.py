"""`GET /refused`: the answer that the client gets after the gateway refused its request."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from frontdoor.auth import access
from frontdoor.auth.access import Original
from frontdoor.auth.browser import safe_target
from frontdoor.auth.check import original_of
from frontdoor.auth.pages import NO_STORE, SIGN_IN, redirect
from frontdoor.auth.refusals import HEADER, Refusal, parse
from frontdoor.auth.service import Service
from ragkit.api.problems import Problem, render


class Refused:
    """Answers refused requests: people get pages, programs get problem details."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def answer(self, request: Request) -> Response:
        """Answer with a redirect to the sign-in, a page, or problem details."""
        refusal, original = parse(request.headers.get(HEADER, "")), original_of(request)
        if not self._is_navigation(request, original):
            return self._problem(request, refusal, original)
        if refusal.status == 401:
            target = quote(safe_target(original.uri), safe="/")
            return redirect(f"{SIGN_IN}?next={target}")
        return self._page(request, refusal, original)

    def _is_navigation(self, request: Request, original: Original) -> bool:
        """Return whether a browser opens a page, so that a person reads the answer."""
        headers = request.headers
        if original.method != "GET" or "authorization" in headers:
            return False
        if access.is_api(self._service.settings, original):
            return False
        mode = headers.get("sec-fetch-mode")
        return mode == "navigate" if mode else "text/html" in headers.get("accept", "")

    def _problem(self, request: Request, refusal: Refusal, original: Original) -> Response:
        headers = {**NO_STORE, **self._waiting(refusal)}
        if refusal.status == 401:
            error = ', error="invalid_token"' if "authorization" in request.headers else ""
            headers["WWW-Authenticate"] = f'Bearer realm="ragdock"{error}'
        detail = refusal.detail
        if refusal.code == "role":
            detail += self._needed(original)
        return render(Problem(refusal.status, detail), headers)

    def _page(self, request: Request, refusal: Refusal, original: Original) -> Response:
        pages, browser = self._service.pages, self._service.browser
        if refusal.status == 429:
            page = pages.message(
                429, "Too many requests", f"Wait for {refusal.seconds} seconds, then reload."
            )
            page.headers.update(self._waiting(refusal))
            return page
        person = self._service.sessions.find(browser.session(request))
        who = f"You are signed in as {person.name}. Your role is {person.role}." if person else ""
        needed = self._needed(original).removeprefix("; ") if refusal.code == "role" else refusal.detail
        cookie = browser.id(request)
        page = pages.message(
            403,
            "You may not open this page",
            who,
            f"{needed[:1].upper()}{needed[1:]}.",
            token=browser.form_token(cookie) if person else "",
        )
        browser.remember(page, cookie)
        return page

    def _waiting(self, refusal: Refusal) -> dict[str, str]:
        if refusal.status != 429:
            return {}
        fields = self._service.limits.exhausted(refusal.code, refusal.seconds)
        return {"Retry-After": str(refusal.seconds), **fields}

    def _needed(self, original: Original) -> str:
        needed = access.needs(self._service.settings, original)
        return f"; it needs the role {needed.role}" if needed else ""
