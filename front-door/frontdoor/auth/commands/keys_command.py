"""`./ragdock keys`: the API keys of programs."""

import argparse
import time
from typing import Any

from frontdoor.auth.api_keys import NAME, Keys
from frontdoor.auth.commands.context import Context, Failure, duration, moment, say, table
from frontdoor.auth.people import Exists, Unknown
from frontdoor.auth.roles import ROLES


def add_to(commands: Any) -> None:
    """Add the command and its actions to the arguments."""
    keys = commands.add_parser("keys", help="API keys of programs", allow_abbrev=False)
    actions = keys.add_subparsers(metavar="ACTION", required=True)

    creating = actions.add_parser("create", help="create a key and print it once")
    creating.add_argument("--name", required=True)
    creating.add_argument("--role", choices=ROLES, required=True)
    creating.add_argument("--expires", type=_expires, default="365d", help="90d, 12h or never; default 365d")
    creating.set_defaults(run=_create)

    actions.add_parser("list", help="list the keys").set_defaults(run=_list)

    revoking = actions.add_parser("revoke", help="refuse a key from now on")
    revoking.add_argument("name")
    revoking.set_defaults(run=_revoke)


def _expires(text: str) -> int | None:
    return None if text == "never" else duration(text)


def _create(context: Context, options: argparse.Namespace) -> None:
    name = options.name.lower()
    if not NAME.fullmatch(name):
        raise Failure(
            f"{options.name!r} cannot be a name: use up to 64 letters, digits, dots, hyphens and "
            "underscores, such as ci."
        )
    expires = None if options.expires is None else time.time() + options.expires
    try:
        token = Keys(context.database).create(name, options.role, expires, context.actor)
    except Exists:
        raise Failure(
            f"There is a key {name} already. Use another name, or revoke it with "
            f"{context.command(f'keys revoke --name {name}')}."
        ) from None
    say(f"Created the key {name} as {options.role}. It expires: {moment(expires)}. It is shown only now:")
    say(token)


def _list(context: Context, _options: argparse.Namespace) -> None:
    keys = Keys(context.database).all()
    if not keys:
        say(f"There are no keys. Create one with {context.command('keys create --name ci --role reader')}.")
        return
    now = time.time()
    table(
        ("NAME", "ROLE", "CREATED", "EXPIRES", "LAST USE"),
        [
            (
                key.name,
                key.role,
                moment(key.created),
                moment(key.expires) + (" (expired)" if key.expires and key.expires <= now else ""),
                moment(key.last_used),
            )
            for key in keys
        ],
    )


def _revoke(context: Context, options: argparse.Namespace) -> None:
    name = options.name.lower()
    try:
        Keys(context.database).revoke(name, context.actor)
    except Unknown:
        raise Failure(f"There is no key {name!r}. {context.command('keys list')} lists them.") from None
    say(f"Revoked the key {name}.")
