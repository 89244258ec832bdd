"""`./ragdock users`: the people who sign in with a password."""

import argparse
import sys
from typing import Any

from frontdoor.auth import passwords
from frontdoor.auth.commands.context import Context, Failure, moment, say, table
from frontdoor.auth.people import EMAIL, NAME, Exists, People, Unknown
from frontdoor.auth.roles import ROLES
from frontdoor.auth.settings import Provider, load_settings


def add_to(commands: Any) -> None:
    """Add the command and its actions to the arguments."""
    users = commands.add_parser("users", help="people who sign in with a password", allow_abbrev=False)
    actions = users.add_subparsers(metavar="ACTION", required=True)

    adding = actions.add_parser("add", help="add a user; the password comes from standard input")
    adding.add_argument("name")
    adding.add_argument("--role", choices=ROLES, required=True)
    adding.add_argument("--email", default="")
    _takes_password(adding)
    adding.set_defaults(run=_add)

    removing = actions.add_parser("remove", help="remove a user and end the sessions")
    removing.add_argument("name")
    removing.set_defaults(run=_remove)

    actions.add_parser("list", help="list the users").set_defaults(run=_list)

    changing = actions.add_parser("password", help="change a password and end the sessions")
    changing.add_argument("name")
    _takes_password(changing)
    changing.set_defaults(run=_password)

    promoting = actions.add_parser("role", help="change a role")
    promoting.add_argument("name")
    promoting.add_argument("role", choices=ROLES)
    promoting.set_defaults(run=_role)


def _takes_password(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--generate", action="store_true", help="make a password and print it once")


def _add(context: Context, options: argparse.Namespace) -> None:
    _refuse_with_provider()
    name = options.name.lower()
    if not NAME.fullmatch(name):
        raise Failure(
            f"{options.name!r} cannot be a name: use up to 64 letters, digits, dots, hyphens, underscores "
            "and @, such as anna or anna@example.org."
        )
    if options.email and not EMAIL.fullmatch(options.email):
        raise Failure(f"{options.email!r} is no email address. Use one such as anna@example.org.")
    if People(context.database, context.actor).find(name):
        raise _exists(context, name)
    password = _new_password(options)
    try:
        People(context.database, context.actor).add(
            name, options.role, options.email, passwords.hashed(password)
        )
    except Exists:
        raise _exists(context, name) from None
    say(f"Added {name} as {options.role}.")
    _show(options, password)


def _remove(context: Context, options: argparse.Namespace) -> None:
    name = options.name.lower()
    try:
        People(context.database, context.actor).remove(name)
    except Unknown:
        raise _unknown(context, name) from None
    say(f"Removed {name} and ended the sessions.")


def _list(context: Context, _options: argparse.Namespace) -> None:
    users = People(context.database, context.actor).all()
    if not users:
        say(f"There are no users. Add one with {context.command('users add anna --role admin')}.")
        return
    table(
        ("NAME", "ROLE", "EMAIL", "CREATED"),
        [(user.name, user.role, user.email or "-", moment(user.created)) for user in users],
    )


def _password(context: Context, options: argparse.Namespace) -> None:
    people, name = People(context.database, context.actor), options.name.lower()
    if people.find(name) is None:
        raise _unknown(context, name)
    password = _new_password(options)
    try:
        people.set_password(name, passwords.hashed(password))
    except Unknown:
        raise _unknown(context, name) from None
    say(f"Changed the password of {name} and ended the sessions.")
    _show(options, password)


def _role(context: Context, options: argparse.Namespace) -> None:
    name = options.name.lower()
    try:
        People(context.database, context.actor).set_role(name, options.role)
    except Unknown:
        raise _unknown(context, name) from None
    say(f"{name} is now {options.role}.")


def _refuse_with_provider() -> None:
    try:
        settings = load_settings()
    except ValueError as error:
        raise Failure(str(error)) from error
    if isinstance(settings.sign_in, Provider):
        raise Failure(
            f"People of this stack sign in at {settings.sign_in.issuer}. To add users here, set "
            "`ragdock:ingress.signIn` to `{ users: true }`."
        )


def _new_password(options: argparse.Namespace) -> str:
    if options.generate:
        return passwords.generated()
    # `./ragdock` asks for it on the terminal.
    password = sys.stdin.readline().rstrip("\r\n")
    problem = passwords.problem_of(password)
    if problem:
        raise Failure(f"{problem[:1].upper()}{problem[1:]}. Or let the command make one with `--generate`.")
    return password


def _show(options: argparse.Namespace, password: str) -> None:
    if options.generate:
        say(f"Password, shown only now: {password}")


def _exists(context: Context, name: str) -> Failure:
    change = context.command(f"users role {name} --role editor")
    return Failure(
        f"There is a user {name} already. Change the role with {change}, "
        f"or the password with {context.command(f'users password {name}')}."
    )


def _unknown(context: Context, name: str) -> Failure:
    return Failure(f"There is no user {name!r}. {context.command('users list')} lists them.")
