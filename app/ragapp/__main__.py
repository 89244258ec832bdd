"""The entry point of the images: `python -m ragapp api|worker|migrate|reindex|ui|probe`.

Only the module of the chosen mode is imported. So a health check takes only milliseconds.
"""

import sys

USAGE = """usage: python -m ragapp MODE

  api              serve the HTTP API on :8000
  worker           ingest documents; metrics and health on :8001
  migrate          bring the database to the newest schema and exit
  reindex          empty the vector store, queue every document again and exit
  ui               serve the Streamlit UI on :8501
  probe api|worker|ui   check the health of the service in this container
"""


def main(arguments: list[str]) -> int:
    """Run one mode and return its exit code."""
    match arguments:
        case ["probe", service]:
            from ragapp.probe import probe

            return probe(service)
        case ["api"]:
            from ragapp.api.server import serve

            return serve()
        case ["worker"]:
            from ragapp.worker import work

            return work()
        case ["migrate"]:
            from ragapp.migrate import migrate

            return migrate()
        case ["reindex"]:
            from ragapp.migrate import reindex

            return reindex()
        case ["ui"]:
            from ragapp.ui.run import run

            return run()
    sys.stderr.write(USAGE)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
