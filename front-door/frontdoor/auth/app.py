"""The HTTP application."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from frontdoor.auth.account import Account
from frontdoor.auth.check import Check
from frontdoor.auth.metrics import StoreCollector
from frontdoor.auth.pages import SIGN_IN, SIGN_OUT
from frontdoor.auth.provider import OpenIdProvider
from frontdoor.auth.provider_sign_in import ProviderSignIn
from frontdoor.auth.refused import Refused
from frontdoor.auth.service import Service
from frontdoor.auth.settings import BuiltIn
from frontdoor.auth.sign_in import SignIn
from frontdoor.auth.threads import in_thread
from ragkit.api import problems, telemetry
from ragkit.api.body_limit import BodyLimit, Uploads
from ragkit.api.overload import apart

FLUSH_SECONDS = 0.5
PRUNE_SECONDS = 600

log = logging.getLogger(__name__)


def create(service: Service) -> FastAPI:
    """Return the application. It closes the database when it stops."""
    app = FastAPI(title="auth", openapi_url=None, lifespan=lambda _: _background(service))
    app.add_middleware(BodyLimit, Uploads((), 0, ""))
    problems.install(app)
    telemetry.install(app, StoreCollector(service.database))

    @app.get("/healthz")
    @apart
    def healthz(_: Request) -> JSONResponse:
        service.database.read("SELECT 1 FROM sessions LIMIT 1")
        return JSONResponse({"status": "ok"})

    app.add_api_route("/check", Check(service).answer)
    app.add_api_route("/refused", Refused(service).answer)
    _public(app, service)
    return app


def _public(app: FastAPI, service: Service) -> None:
    sign_in, provider = service.settings.sign_in, None
    if isinstance(sign_in, BuiltIn):
        form = SignIn(service)
        app.add_api_route(SIGN_IN, form.form)
        app.add_api_route(SIGN_IN, form.submit, methods=["POST"])
    else:
        secrets, secure = service.secrets, service.settings.secure_cookies
        provider = OpenIdProvider(sign_in, secrets.client_secret, secure)
        at_provider = ProviderSignIn(service, sign_in, provider)
        app.add_api_route(SIGN_IN, at_provider.begin)
        app.add_api_route("/.ragdock/callback", at_provider.callback)
    account = Account(service, provider)
    app.add_api_route(SIGN_OUT, account.leave_form)
    app.add_api_route(SIGN_OUT, account.leave, methods=["POST"])
    app.add_api_route("/.ragdock/me", account.me)


@asynccontextmanager
async def _background(service: Service) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(_maintain(service, stop))
    try:
        yield
    finally:
        # If the task were cancelled, its thread would keep running.
        stop.set()
        await asyncio.gather(task, return_exceptions=True)
        try:
            _flush(service)
        finally:
            service.database.close()


async def _maintain(service: Service, stop: asyncio.Event) -> None:
    """Write the pending events and uses of keys, and delete old data."""
    pruned = 0.0
    while not stop.is_set():
        try:
            await in_thread(_flush, service)
            if time.monotonic() - pruned > PRUNE_SECONDS:
                pruned = time.monotonic()
                await in_thread(service.sessions.prune, time.time())
                await in_thread(service.audit.prune, time.time())
        except Exception:
            # A full disk or a busy database: the next round tries again.
            log.exception("the background work failed")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), FLUSH_SECONDS)


def _flush(service: Service) -> None:
    service.audit.flush()
    service.keys.flush()
