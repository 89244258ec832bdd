"""The pages that people see. They need no script and load nothing."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse

from frontdoor.auth.settings import Settings

NO_STORE = {"Cache-Control": "no-store"}
SIGN_IN = "/.ragdock/sign-in"
SIGN_OUT = "/.ragdock/sign-out"


class Pages:
    """Fills in the templates."""

    def __init__(self, settings: Settings) -> None:
        environment = Environment(
            loader=PackageLoader("frontdoor.auth"), autoescape=True, undefined=StrictUndefined
        )
        environment.globals.update(title=settings.title, sign_in=SIGN_IN, sign_out=SIGN_OUT)
        self._environment = environment

    def form(self, status: int, token: str, target: str, name: str, error: str) -> HTMLResponse:
        """Return the form to sign in with a name and a password."""
        return self._page("sign-in.html", status, token=token, target=target, name=name, error=error)

    def leave(self, token: str, who: str) -> HTMLResponse:
        """Return the page with the button to sign out."""
        return self._page("sign-out.html", 200, token=token, who=who)

    def message(self, status: int, heading: str, *texts: str, **more: str) -> HTMLResponse:
        """Return a page with a message.

        `onward` is a link with the text `onward_text`, `refresh` an address that the browser goes
        to by itself, and `token` adds a button to sign out.
        """
        values = {"onward": "", "onward_text": "", "refresh": "", "token": "", **more}
        return self._page("message.html", status, heading=heading, texts=texts, **values)

    def _page(self, template: str, status: int, **values: Any) -> HTMLResponse:
        content = self._environment.get_template(template).render(**values)
        return HTMLResponse(content, status, headers=NO_STORE)


def redirect(address: str) -> RedirectResponse:
    """Return a redirect to a GET."""
    return RedirectResponse(address, 303, headers=NO_STORE)
