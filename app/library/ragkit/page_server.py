"""Serves a Streamlit page: `python -m ragkit.page_server run page.py` instead of `streamlit run`.
Extra: pages.

The middleware must exist before the first session, so a page cannot add it.
"""

from starlette.middleware import Middleware
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


if __name__ == "__main__":
    or_exit(session_mb)
    limit_uploads()
    cli.main(prog_name="streamlit")
