"""The parts of the service, made once."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from frontdoor.auth.api_keys import Keys
from frontdoor.auth.attempts import Attempts
from frontdoor.auth.audit import Audit
from frontdoor.auth.browser import Browser
from frontdoor.auth.callers import Callers
from frontdoor.auth.database import Database
from frontdoor.auth.limits import Limits
from frontdoor.auth.pages import Pages
from frontdoor.auth.passwords import Passwords
from frontdoor.auth.people import People
from frontdoor.auth.sessions import Sessions
from frontdoor.auth.settings import Secrets, Settings

# Requests per minute of one address without an identity, or with an invalid one.
STRANGER_REQUESTS = 120
# Denials per minute of one subject that the audit log records. The metrics count all.
AUDITED_DENIALS = 30


@dataclass(frozen=True)
class Service:
    """The objects that the routes need."""

    settings: Settings
    secrets: Secrets
    database: Database
    audit: Audit
    keys: Keys
    people: People
    sessions: Sessions
    browser: Browser
    callers: Callers
    limits: Limits
    attempts: Attempts
    passwords: Passwords
    pages: Pages


def build(
    settings: Settings, secrets: Secrets, database: Database, clock: Callable[[], float] = time.monotonic
) -> Service:
    """Make the parts. Limits and waits use the clock."""
    browser = Browser(secrets.identity_key, settings.secure_cookies)
    sessions = Sessions(database, settings)
    keys = Keys(database)
    quotas = {**settings.limits.model_dump(), "address": STRANGER_REQUESTS, "audit": AUDITED_DENIALS}
    return Service(
        settings=settings,
        secrets=secrets,
        database=database,
        audit=Audit(database),
        keys=keys,
        people=People(database, "service"),
        sessions=sessions,
        browser=browser,
        callers=Callers(browser, sessions, keys),
        limits=Limits(quotas, settings.replicas, clock),
        attempts=Attempts(clock),
        passwords=Passwords(),
        pages=Pages(settings),
    )
