"""The form to sign in with a name and a password."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from frontdoor.auth import metrics
from frontdoor.auth.audit import Event
from frontdoor.auth.browser import safe_target
from frontdoor.auth.callers import address_of, network_of
from frontdoor.auth.pages import redirect
from frontdoor.auth.passwords import LONGEST
from frontdoor.auth.people import NAME
from frontdoor.auth.service import Service
from frontdoor.auth.threads import in_thread
from ragkit.api.overload import Busy

OLD_FORM = "This form is too old, or was made for another browser. Try again."
WRONG = "The name or the password is wrong."
BUSY = "Too many people are signing in at the moment. Try again in some seconds."


class SignIn:
    """Signs built-in users in."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def form(self, request: Request) -> Response:
        """Show the form, or redirect if the person is already signed in."""
        target = safe_target(request.query_params.get("next", "/"))
        if self._service.sessions.find(self._service.browser.session(request)):
            return redirect(target)
        return self._form(request, 200, target)

    async def submit(self, request: Request) -> Response:
        """Start a session if the password is correct."""
        form = await request.form(max_files=0)
        name, target = field(form, "name").strip().lower(), safe_target(field(form, "next"))
        service, address = self._service, address_of(request)
        if not service.browser.is_own_form(request, field(form, "token")):
            return self._form(request, 403, target, name, OLD_FORM)
        # Unknown names of any length must not fill the memory.
        counted, network = name[:64], network_of(address)
        if seconds := service.attempts.begin(counted, network, self._is_known(name, address)):
            self._count("waits")
            wait = f"Too many wrong passwords. Try again in {seconds} seconds."
            return self._form(request, 429, target, name, wait, seconds)
        try:
            token = await self._session(name, field(form, "password"), address)
        except Busy:
            service.attempts.undo(counted, network)
            self._count("busy")
            return self._form(request, 503, target, name, BUSY, 5)
        if token is None:
            self._count("failed")
            return self._form(request, 403, target, name, WRONG)
        service.attempts.succeeded(counted, network)
        self._count("ok")
        await in_thread(service.sessions.end, service.browser.session(request), address)
        answer = redirect(target)
        service.browser.start(answer, token)
        return answer

    async def _session(self, name: str, password: str, address: str) -> str | None:
        """Return the token of a new session, or None if the name or the password is wrong."""
        service = self._service
        user = service.people.find(name) if NAME.fullmatch(name) else None
        fits = len(password) <= LONGEST and await service.passwords.match(
            user.password if user else None, password
        )
        token = await in_thread(service.sessions.start_of_user, user, address) if user and fits else None
        if token is None:
            # People type passwords into the wrong field. So unknown names are not written to the
            # log.
            actor = f"user:{user.name}" if user else ""
            service.audit.add(
                Event(actor, "sign-in", "", "wrong password" if user else "unknown name", address)
            )
        return token

    def _is_known(self, name: str, address: str) -> bool:
        """Return whether this user has signed in from this address before."""
        return bool(
            self._service.database.read(
                "SELECT 1 FROM audit WHERE actor = ? AND action = 'sign-in' AND result = 'ok' AND address = ?"
                " LIMIT 1",
                f"user:{name}",
                address,
            )
        )

    def _count(self, result: str) -> None:
        metrics.SIGN_INS.labels("users", result).inc()

    def _form(
        self, request: Request, status: int, target: str, name: str = "", error: str = "", seconds: int = 0
    ) -> Response:
        browser = self._service.browser
        cookie = browser.id(request)
        page = self._service.pages.form(status, browser.form_token(cookie), target, name[:64], error)
        if seconds:
            page.headers["Retry-After"] = str(seconds)
        browser.remember(page, cookie)
        return page


def field(form: FormData, name: str) -> str:
    """Return a field of a form, or an empty text."""
    value = form.get(name)
    return value if isinstance(value, str) else ""
