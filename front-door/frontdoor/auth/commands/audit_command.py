"""`./ragdock audit`: who did what. Deployments are recorded with `audit record`."""

import argparse
import json
import time
from typing import Any

from frontdoor.auth import audit
from frontdoor.auth.audit import Event
from frontdoor.auth.commands.context import Context, duration, moment, say, table


def add_to(commands: Any) -> None:
    """Add the command and its actions to the arguments."""
    log = commands.add_parser("audit", help="who did what", allow_abbrev=False)
    log.add_argument("--since", type=duration, default="7d", help="90d or 12h; default 7d")
    log.add_argument("--user", default="", help="a user, the name of a key, or a subject such as oidc:248289")
    log.add_argument("--json", action="store_true", help="one JSON object per line")
    log.set_defaults(run=_show)

    recording = log.add_subparsers(metavar="ACTION").add_parser("record", help="record a deployment")
    recording.add_argument("--actor", required=True)
    recording.add_argument("--action", required=True)
    recording.add_argument("--object", required=True)
    recording.add_argument("--result", default="ok")
    recording.set_defaults(run=_record)


def _show(context: Context, options: argparse.Namespace) -> None:
    rows = context.database.read(
        "SELECT time, actor, action, object, result, address FROM audit"
        " WHERE time >= ?1 AND (?2 = '' OR actor IN (?2, 'user:' || ?2, 'key:' || ?2, 'oidc:' || ?2))"
        " ORDER BY time, id",
        time.time() - options.since,
        options.user,
    )
    if options.json:
        for row in rows:
            say(json.dumps(audit.as_dict(row), ensure_ascii=False))
        return
    # The object comes last, so that a long one does not make other lines wider.
    columns = ("actor", "action", "result", "address", "object")
    table(
        ("TIME", *(column.upper() for column in columns)),
        [(moment(row["time"]), *(row[column] or "-" for column in columns)) for row in rows],
    )


def _record(context: Context, options: argparse.Namespace) -> None:
    with context.database.write() as connection:
        audit.insert(connection, Event(options.actor, options.action, options.object, options.result))
