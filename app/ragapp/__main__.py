"""The image's entry point: `python -m ragapp api|worker|migrate|reindex|ui|probe`.

Every mode is imported only when it is asked for, so that a probe costs milliseconds.
"""

import sys

USAGE = """usage: python -m ragapp MODE

  api              serve the HTTP API on :8000
  worker           ingest documents; metrics and health on :8001
  migrate          bring the database to the newest schema, then exit
  reindex          empty the vector store and queue every document again, then exit
  ui               serve the Streamlit UI on :8501
  probe api|worker|ui   ask the service in this container whether it is alive
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
