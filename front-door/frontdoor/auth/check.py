"""`GET /check`: the gateway asks it before each request."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from frontdoor.auth import access, metrics
from frontdoor.auth.access import Needs, Original
from frontdoor.auth.audit import Event
from frontdoor.auth.callers import address_of, network_of
from frontdoor.auth.identity import Identity, header_text
from frontdoor.auth.pages import NO_STORE
from frontdoor.auth.refusals import HEADER, Refusal
from frontdoor.auth.roles import suffices
from frontdoor.auth.service import Service

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def original_of(request: Request) -> Original:
    """Return the request that the gateway asks about."""
    headers = request.headers
    # The values of headers arrive as Latin-1, but clients send paths in UTF-8.
    uri = headers.get("x-original-uri", "").encode("latin-1", "replace").decode(errors="replace")
    return Original(
        headers.get("x-original-method", ""),
        uri,
        headers.get("x-ragdock-service", ""),
    )


@dataclass(frozen=True)
class Decision:
    """Who sends the request, what it needs, and why it is refused, if it is."""

    identity: Identity | None
    needed: Needs | None
    refusal: Refusal | None
    limits: dict[str, str]


class Check:
    """Decides about requests."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def answer(self, request: Request) -> Response:
        """Answer 200 with the identity for the application, or 401 or 403 with the reason."""
        original = original_of(request)
        with metrics.CHECK_SECONDS.time():
            decision = self._decide(request, original)
        self._record(decision, original, address_of(request))
        identity, refusal = decision.identity, decision.refusal
        metrics.CHECKS.labels(str(refusal.status) if refusal else "allowed").inc()
        headers = {**NO_STORE, **decision.limits}
        if identity and not refusal:
            key = self._service.secrets.identity_key
            return Response(headers={**headers, **identity.headers(self._service.settings.audience, key)})
        # `_decide` refuses each request without an identity. If it ever does not, this line does.
        refusal = refusal or Refusal(401, "signed_out")
        metrics.DENIALS.labels(refusal.code).inc()
        headers[HEADER] = str(refusal)
        if identity:
            headers["X-Forwarded-User"] = header_text(identity.login)
            headers["X-Ragdock-Role"] = identity.role
        # nginx' auth_request knows 401 and 403 only.
        return Response(status_code=401 if refusal.status == 401 else 403, headers=headers)

    def _decide(self, request: Request, original: Original) -> Decision:
        service = self._service
        identity, fault = service.callers.find(request)
        if identity is None or fault:
            refusal = Refusal(401, fault or "signed_out")
            if seconds := service.limits.wait("address", network_of(address_of(request))):
                refusal = Refusal(429, "address", seconds)
            return Decision(identity, None, refusal, {})
        needed = access.needs(service.settings, original)
        refused = self._refusal(identity, needed)
        counted = ("requests", *(needed.counts if needed else ()))
        return Decision(identity, needed, refused, service.limits.headers(counted, identity.subject))

    def _refusal(self, identity: Identity, needed: Needs | None) -> Refusal | None:
        limits = self._service.limits
        if seconds := limits.wait("requests", identity.subject):
            return Refusal(429, "requests", seconds)
        if needed is None:
            return Refusal(403, "path")
        if identity.role == "none":
            return Refusal(403, "no_role")
        if not suffices(identity.role, needed.role):
            return Refusal(403, "role")
        for name in needed.counts:
            if seconds := limits.wait(name, identity.subject):
                return Refusal(429, name, seconds)
        return None

    def _record(self, decision: Decision, original: Original, address: str) -> None:
        """Write changes and denials to the audit log. Requests without a session or one of our keys
        do not fill the log.
        """
        if decision.identity is None:
            return
        subject, refusal = decision.identity.subject, decision.refusal
        if refusal and refusal.status != 429:
            if self._service.limits.wait("audit", subject):
                return
            result = f"denied: {refusal.code}"
        elif original.method in CHANGING and decision.needed and decision.needed.role != "reader":
            result = f"denied: {refusal.code}" if refusal else "allowed"
        else:
            return
        what = f"{original.method} {original.path}"
        self._service.audit.add(Event(subject, "request", what, result, address))
