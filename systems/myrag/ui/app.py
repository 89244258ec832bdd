"""The page: ask a question, upload documents, see the stored documents."""

import os
from pathlib import Path
from typing import Any

import httpx
import streamlit as st

from ragkit.markup import cell, plain, without_pictures
from ragkit.pages import call, choose_files, one_by_one, show_sources, show_visitor

API_URL = os.environ.get("API_URL", "http://fastapi:8000").rstrip("/")
# A local file: the icons that Streamlit offers by name come from a server on the internet.
ICON = Path(__file__).parent / "icon.svg"


@st.cache_resource
def _http() -> httpx.Client:
    # The API answers an upload when the file is embedded. A large file takes minutes.
    return httpx.Client(base_url=API_URL, timeout=httpx.Timeout(600, connect=3))


def _call(method: str, path: str, **options: Any) -> Any:
    return call(_http(), method, path, **options)


def ask() -> None:
    """Take a question and show the answer with the passages that it is based on."""
    with st.form("ask", border=False):
        question = st.text_input("Question", max_chars=4000, placeholder="What do the documents say about …?")
        k = st.slider("Passages to retrieve (top-k)", 1, 20, 5)
        asked = st.form_submit_button("Ask", type="primary")
    if not asked:
        return
    if not question.strip():
        st.warning("Type a question first.")
        return
    answer = _call("POST", "/api/query", json={"question": question, "k": k})
    if answer is not None:
        st.markdown(without_pictures(answer["answer"]))
        show_sources(answer["sources"])


def upload() -> None:
    """Send files to the API. It answers when the documents can be searched."""
    with st.form("upload", clear_on_submit=True, border=False):
        files = choose_files()
        sent = st.form_submit_button("Add to the documents", type="primary")
    if not sent:
        return
    if not files:
        st.warning("Choose at least one file.")
    for file in one_by_one(files):
        parts = {"file": (file.name, file.getvalue(), file.type or "application/octet-stream")}
        with st.spinner(plain(f"Reading and embedding {file.name} …")):
            answer = _call("POST", "/api/documents", files=parts)
        if answer is not None:
            st.success(plain(f"{file.name}: {answer['chunks']} passages."))


def listing() -> None:
    """Show the stored documents, newest first. Delete those that are selected."""
    answer = _call("GET", "/api/documents", params={"limit": 500})
    if answer is None:
        return
    rows = answer["documents"]
    if not rows:
        st.info("There are no documents yet.")
        return
    table = [
        {"Name": cell(row["name"]), "Passages": row["chunks"], "KB": round(row["size_bytes"] / 1024, 1)}
        for row in rows
    ]
    shown = st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="multi-row",
        key="documents",
    )
    if answer["total"] > len(rows):
        st.caption(f"The newest {len(rows)} of {answer['total']} documents.")
    chosen = [rows[index] for index in shown["selection"]["rows"] if index < len(rows)]
    if not chosen:
        st.caption("Select rows to delete documents.")
    elif st.button(f"Delete {len(chosen)} selected"):
        kept = [row for row in chosen if _call("DELETE", f"/api/documents/{row['id']}") is None]
        # When a deletion failed, the reason stays on the page.
        if not kept:
            st.rerun()


st.set_page_config(page_title="myrag", page_icon=ICON)
# The headings of a quoted passage are not headings of this page.
st.html("<style>blockquote :is(h1, h2, h3, h4, h5, h6) { font-size: 1rem; padding: 0.2rem 0; }</style>")
st.title("Ask your documents")
show_visitor()
questions, stored = st.tabs(["Ask", "Documents"])
with questions:
    ask()
with stored:
    upload()
    listing()
