"""The program: `python -m frontdoor auth [users|keys|audit …]`. Without arguments it serves."""

import logging
import os
import sys

PORT = 8000


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM, or run a command. Return the exit code."""
    # The database holds hashes of passwords: its files are for this user only.
    os.umask(0o077)
    if not arguments:
        return serve()
    from frontdoor.auth.commands.run import run

    return run(arguments)


def serve() -> int:
    """Serve until SIGTERM, then answer for two more seconds."""
    from frontdoor.auth import app, restored, service
    from frontdoor.auth.database import Database
    from frontdoor.auth.settings import database_path, load_secrets, load_settings
    from ragkit.api import server
    from ragkit.logs import configure_logs

    configure_logs()
    # The metrics count sign-ins. A line for each request to the provider would add no information.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    try:
        settings = load_settings()
        secrets = load_secrets(settings)
        database = Database(database_path())
        restored.keep_ended(database, database_path())
    except ValueError as error:
        sys.stderr.write(f"The settings cannot be used: {error}\n")
        return 1
    return server.serve(app.create(service.build(settings, secrets, database)), PORT)
