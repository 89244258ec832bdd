"""Serves a Streamlit page: `python -m ragkit.page_server run page.py` instead of `streamlit run`.
Extra: pages.

The middleware must exist before the first session, so a page cannot add it.
"""

from starlette.middleware import Middleware
from streamlit.watcher import polling_path_watcher
from streamlit.web import cli
from streamlit.web.server.starlette import starlette_app

from ragkit.environment import or_exit
from ragkit.upload_memory import UploadMemory, session_mb


def limit_uploads() -> None:
    """Make Streamlit's server limit the memory of chosen files.

    `streamlit run` offers no way to add middleware.
    """
    original = starlette_app.create_streamlit_middleware

    def limited() -> list[Middleware]:
        return [*original(), Middleware(UploadMemory)]

    starlette_app.create_streamlit_middleware = limited


def look_for_edits_rarely() -> None:
    """Make Streamlit look for edited files once a second.

    It always looks for its own files of settings and secrets. By default it does that five times a
    second, which takes CPU time while nobody uses the page.
    """
    polling_path_watcher._POLLING_PERIOD_SECS = 1.0  # type: ignore[misc]  # declared as a constant


if __name__ == "__main__":
    or_exit(session_mb)
    limit_uploads()
    look_for_edits_rarely()
    cli.main(prog_name="streamlit")
