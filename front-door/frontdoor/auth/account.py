"""The pages to sign out, and the information that a person or program can get about itself."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from frontdoor.auth.callers import address_of
from frontdoor.auth.pages import NO_STORE, SIGN_IN, redirect
from frontdoor.auth.provider import OpenIdProvider
from frontdoor.auth.refusals import Refusal
from frontdoor.auth.service import Service
from frontdoor.auth.sign_in import field
from frontdoor.auth.threads import in_thread
from ragkit.api.problems import Problem, render

SIGNED_OUT = "You are signed out"


class Account:
    """Signs out, and tells who is signed in."""

    def __init__(self, service: Service, provider: OpenIdProvider | None) -> None:
        self._service = service
        self._provider = provider

    async def leave_form(self, request: Request) -> Response:
        """Show the button to sign out."""
        browser = self._service.browser
        person = self._service.sessions.find(browser.session(request))
        if person is None:
            return self._service.pages.message(200, SIGNED_OUT, onward=SIGN_IN, onward_text="Sign in")
        cookie = browser.id(request)
        page = self._service.pages.leave(browser.form_token(cookie), person.name)
        browser.remember(page, cookie)
        return page

    async def leave(self, request: Request) -> Response:
        """End the session, here and then at the provider."""
        service, browser = self._service, self._service.browser
        form = await request.form(max_files=0)
        if not browser.is_own_form(request, field(form, "token")):
            return redirect("/.ragdock/sign-out")
        ended = await in_thread(service.sessions.end, browser.session(request), address_of(request))
        onward = await self._provider.end_url(request, ended.id_token) if self._provider else ""
        if onward:
            # A redirect in answer to a form would need the provider in the form-action of the
            # ingress' Content-Security-Policy.
            page = service.pages.message(
                200, SIGNED_OUT, onward=onward, onward_text="Sign out at the provider too", refresh=onward
            )
        else:
            page = service.pages.message(200, SIGNED_OUT, onward=SIGN_IN, onward_text="Sign in")
        browser.end(page)
        return page

    async def me(self, request: Request) -> Response:
        """Tell who sends the request."""
        identity, fault = self._service.callers.find(request)
        if identity is None or fault:
            refusal = Refusal(401, fault or "signed_out")
            return render(Problem(401, refusal.detail), {**NO_STORE, "WWW-Authenticate": "Bearer"})
        expires = identity.expires and datetime.fromtimestamp(identity.expires, UTC).isoformat(
            timespec="seconds"
        )
        body = {"name": identity.name, "email": identity.email, "role": identity.role, "expires": expires}
        return JSONResponse(body, headers=NO_STORE)
