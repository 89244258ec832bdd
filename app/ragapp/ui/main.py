"""The entry point of the UI: three pages and their common layout."""

from pathlib import Path

import streamlit as st

from ragapp.ui import ask, documents, status
from ragkit.pages import show_visitor

# A local file: the icons that Streamlit offers by name come from a server on the internet.
ICON = Path(__file__).parent / "icon.svg"

st.set_page_config(page_title="RAG", page_icon=ICON, layout="wide")
st.html(
    """<style>
    [data-testid="stMainBlockContainer"] { max-width: 68rem; padding-top: 3.5rem; }
    blockquote :is(h1, h2, h3, h4, h5, h6) { font-size: 1rem; padding: 0.2rem 0; }
    [data-testid="stMetricValue"] { font-size: 1.6rem; }
    </style>"""
)
page = st.navigation(
    [
        st.Page(ask.page, title="Ask", icon=":material/forum:", url_path="ask", default=True),
        st.Page(documents.page, title="Documents", icon=":material/description:", url_path="documents"),
        st.Page(status.page, title="Status", icon=":material/monitoring:", url_path="status"),
    ],
    position="top",
)
show_visitor()
page.run()
