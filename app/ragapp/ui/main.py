"""The UI's entry: three pages and what they have in common."""

import streamlit as st

from ragapp.ui import ask, documents, status

st.set_page_config(page_title="RAG", page_icon=":material/menu_book:", layout="wide")
st.html(
    """<style>
    [data-testid="stMainBlockContainer"] { max-width: 68rem; padding-top: 3.5rem; }
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
page.run()
