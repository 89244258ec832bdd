"""Signs in people of an OpenID Connect provider."""

import hashlib
import logging
import time

from starlette.requests import Request
from starlette.responses import Response

from frontdoor.auth import metrics
from frontdoor.auth.audit import Event
from frontdoor.auth.browser import STATE_SECONDS, Flow, safe_target
from frontdoor.auth.callers import address_of, network_of
from frontdoor.auth.pages import SIGN_IN, redirect
from frontdoor.auth.provider import NotSignedIn, OpenIdProvider
from frontdoor.auth.provider_people import Person, role_of
from frontdoor.auth.service import Service
from frontdoor.auth.settings import Provider
from frontdoor.auth.threads import in_thread
from ragkit.errors import Unavailable

AGAIN = {"onward": SIGN_IN, "onward_text": "Sign in again"}
OTHER = {"onward": f"{SIGN_IN}?other=1", "onward_text": "Sign in as someone else"}

log = logging.getLogger(__name__)


class ProviderSignIn:
    """Sends people to the provider, and starts a session when they return."""

    def __init__(self, service: Service, settings: Provider, provider: OpenIdProvider) -> None:
        self._service = service
        self._settings = settings
        self._provider = provider

    async def begin(self, request: Request) -> Response:
        """Redirect to the provider, or to the target if the person is already signed in."""
        browser, query = self._service.browser, request.query_params
        target, other = safe_target(query.get("next", "/")), "other" in query
        if not other and self._service.sessions.find(browser.session(request)):
            return redirect(target)
        cookie = browser.id(request)
        try:
            address = await self._provider.sign_in_url(request, browser.begin(cookie, target), other)
        except Unavailable as error:
            return self._unavailable(error)
        answer = redirect(address)
        browser.remember(answer, cookie)
        return answer

    async def callback(self, request: Request) -> Response:
        """Start a session if the provider's answer is right and the person may sign in."""
        service, query = self._service, request.query_params
        if seconds := service.limits.wait("address", network_of(address_of(request))):
            page = service.pages.message(429, "Too many requests", f"Try again in {seconds} seconds.")
            page.headers["Retry-After"] = str(seconds)
            return page
        flow = service.browser.resume(request, query.get("state", ""))
        if flow is None or not await in_thread(self._use, flow):
            self._count("old")
            text = "This sign-in is too old, was already used, or began in another browser."
            return service.pages.message(400, "Please sign in again", text, **AGAIN)
        if "code" not in query:
            self._count("failed")
            text = "The provider did not sign you in."
            return service.pages.message(403, "Not signed in", text, **AGAIN)
        try:
            person, id_token = await self._provider.person(request, flow, query["code"])
        except Unavailable as error:
            return self._unavailable(error)
        except NotSignedIn as error:
            log.warning("a sign-in failed: %s", error)
            self._count("failed")
            service.audit.add(Event("", "sign-in", "", "wrong answer", address_of(request)))
            text = "The answer of the provider is not valid. The log of the service says why."
            return service.pages.message(403, "Not signed in", text, **AGAIN)
        return await self._start(request, flow, person, id_token)

    async def _start(self, request: Request, flow: Flow, person: Person, id_token: str) -> Response:
        service, address = self._service, address_of(request)
        if role_of(person, self._settings.allow, self._service.settings.roles) == "none":
            self._count("denied")
            service.audit.add(Event(f"oidc:{person.subject}", "sign-in", "", "denied: not allowed", address))
            return self._denied(request, person)
        await in_thread(service.sessions.end, service.browser.session(request), address)
        token = await in_thread(service.sessions.start_of_person, person, id_token, address)
        self._count("ok")
        answer = redirect(flow.target)
        service.browser.start(answer, token)
        return answer

    def _denied(self, request: Request, person: Person) -> Response:
        browser = self._service.browser
        cookie = browser.id(request)
        who = f"{person.name} ({person.email})" if person.email else person.name
        page = self._service.pages.message(
            403,
            "You have no access",
            f"The provider signed you in as {who}.",
            "No domain, email address or group in the settings of this service gives you access.",
            "" if person.email else "The provider sent no verified email address of yours.",
            "Ask the people who run it for access.",
            token=browser.form_token(cookie),
            **OTHER,
        )
        browser.remember(page, cookie)
        return page

    def _unavailable(self, error: Unavailable) -> Response:
        log.warning("%s", error)
        self._count("unavailable")
        text = f"{self._provider.issuer} does not answer. Existing sessions continue."
        page = self._service.pages.message(503, "The sign-in is not available", text, **AGAIN)
        page.headers["Retry-After"] = "10"
        return page

    def _use(self, flow: Flow) -> bool:
        """Return whether the state is used for the first time."""
        used = hashlib.sha256(flow.state.encode()).hexdigest()
        with self._service.database.write() as connection:
            return bool(
                connection.execute(
                    "INSERT OR IGNORE INTO used_states (hash, expires) VALUES (?, ?)",
                    (used, time.time() + STATE_SECONDS),
                ).rowcount
            )

    def _count(self, result: str) -> None:
        metrics.SIGN_INS.labels("provider", result).inc()
