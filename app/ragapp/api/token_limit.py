"""The limit of tokens, as the routes apply it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ragapp.services import Services
from ragkit.api.identity import Identity
from ragkit.api.problems import Problem
from ragkit.llm import ignore

DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Allowance:
    """The header fields of an answer, and the function that counts the tokens of the answer."""

    headers: dict[str, str]
    spent: Callable[[int], None]


def allowance(services: Services, identity: Identity | None) -> Allowance:
    """Return what the caller may use. Raise a Problem if nothing is left for today.

    The header fields are those of draft-ietf-httpapi-ratelimit-headers. Callers without an identity
    share one budget.
    """
    budget = services.token_budget
    if budget is None:
        return Allowance({}, ignore)
    subject = identity.subject if identity else ""
    left = budget.left(subject)
    headers = {
        "RateLimit-Policy": f'"tokens";q={budget.per_day};w={DAY_SECONDS}',
        "RateLimit": f'"tokens";r={left.tokens};t={left.seconds}',
    }
    if left.tokens == 0:
        detail = f"you have used your {budget.per_day} tokens of the language model for today (UTC)"
        raise Problem(429, detail, {**headers, "Retry-After": str(left.seconds)})
    return Allowance(headers, partial(budget.spend, subject))
