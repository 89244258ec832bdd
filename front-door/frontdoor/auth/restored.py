"""Prevents a restore from giving back access that was ended after the backup.

A restore puts the database of the backup in place of the live one, which stays next to it until the
services run again. Everything that ended access is copied from there: revoked keys, removed people,
new passwords, lower roles, ended sessions. The audit log also keeps its newer lines.
"""

from pathlib import Path

from frontdoor.auth import audit
from frontdoor.auth.audit import Event
from frontdoor.auth.database import Database

# `old` in cli/data/incoming.ts.
REPLACED = "ragdock_restore_old"

# A key that is revoked in either database stays revoked. People of the same name keep the data of
# the replaced database. Its log says who was removed.
STATEMENTS = (
    """
    UPDATE keys SET (revoked, expires, last_used) =
      (SELECT ifnull(keys.revoked, k.revoked), k.expires, k.last_used FROM replaced.keys AS k
        WHERE k.id = keys.id)
      WHERE id IN (SELECT id FROM replaced.keys)
    """,
    """
    UPDATE users SET (email, role, password, created) =
      (SELECT email, role, password, created FROM replaced.users AS u WHERE u.name = users.name)
      WHERE name IN (SELECT name FROM replaced.users)
    """,
    """
    DELETE FROM users WHERE name NOT IN (SELECT name FROM replaced.users) AND EXISTS
      (SELECT 1 FROM replaced.audit AS a
        WHERE a.action = 'user-remove' AND a.object = users.name AND a.time > users.created)
    """,
    "DELETE FROM sessions WHERE hash NOT IN (SELECT hash FROM replaced.sessions)",
    """
    INSERT INTO audit (time, actor, action, object, result, address, printed)
      SELECT time, actor, action, object, result, address, printed FROM replaced.audit AS a
      WHERE NOT EXISTS (SELECT 1 FROM audit AS b
        WHERE b.time = a.time AND b.actor = a.actor AND b.action = a.action AND b.object = a.object)
      ORDER BY a.id
    """,
)


def keep_ended(database: Database, path: Path) -> None:
    """Copy everything that ended access, if a restore has just replaced the database at this path."""
    replaced = path.parent / REPLACED / path.name
    if not replaced.exists():
        return
    # This brings an older database to the newest schema.
    Database(replaced).close()
    with database.attached(replaced, "replaced") as connection:
        last = connection.execute("SELECT ifnull(max(time), 0) FROM replaced.audit").fetchone()[0]
        what = f"in place of the data up to {audit.moment(last)}"
        # Another replica or an earlier start has already done it.
        done = "SELECT 1 FROM main.audit WHERE action = 'restore' AND object = ?"
        if connection.execute(done, (what,)).fetchone():
            return
        for statement in STATEMENTS:
            connection.execute(statement)
        audit.insert(connection, Event("", "restore", what, "ok"))
