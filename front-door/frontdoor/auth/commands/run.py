"""Reads the arguments, runs a command and prints what is wrong."""

import argparse
import os
import sys

from frontdoor.auth.commands import audit_command, keys_command, users_command
from frontdoor.auth.commands.context import Context, Failure
from frontdoor.auth.database import Database
from frontdoor.auth.settings import database_path


def run(arguments: list[str]) -> int:
    """Run a command. Return 0, 1 if it cannot be done, or 2 if the arguments are wrong."""
    parser = argparse.ArgumentParser(prog="./ragdock", allow_abbrev=False)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (users_command, keys_command, audit_command):
        command.add_to(commands)
    try:
        options = parser.parse_args(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    try:
        database = Database(database_path())
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    stack = os.environ.get("RAGDOCK_STACK") or "dev"
    context = Context(database, stack, os.environ.get("RAGDOCK_ACTOR") or "command line")
    try:
        options.run(context, options)
    except Failure as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    except BrokenPipeError:
        # `… | head` closed the output. Python must not write the rest to it when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        database.close()
    return 0
