"""The page: ask a question, upload documents, look at what is stored."""

import os
from pathlib import Path
from typing import Any

import httpx
import streamlit as st

API_URL = os.environ.get("API_URL", "http://fastapi:8000").rstrip("/")
# A file of our own: the icons that Streamlit offers by name come from a server on the internet.
ICON = Path(__file__).parent / "icon.svg"
TYPES = ["md", "markdown", "txt", "text", "html", "htm", "pdf"]


@st.cache_resource
def _http() -> httpx.Client:
    # An upload is answered when it is embedded, which takes minutes for a large one.
    return httpx.Client(base_url=API_URL, timeout=httpx.Timeout(600, connect=3))


def _call(method: str, path: str, **options: Any) -> dict[str, Any] | None:
    """Return what the API answers; when it fails, show why and return None."""
    try:
        answer = _http().request(method, path, **options)
        body = dict(answer.json()) if answer.content else {}
    except httpx.HTTPError as error:
        st.error(f"The API does not answer at {API_URL} ({error or type(error).__name__}).")
        return None
    except ValueError:
        st.error(f"The API answers {answer.status_code} without words.")
        return None
    if answer.status_code >= 400:
        st.error(str(body.get("detail", f"The API answers {answer.status_code}.")))
        return None
    return body


def ask() -> None:
    """Take a question and show the answer with the passages it rests on."""
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
    if answer is None:
        return
    # No document, and no model, may make the reader's browser fetch an address.
    st.markdown(answer["answer"].replace("![", "!\\["))
    for number, source in enumerate(answer["sources"], start=1):
        title = f"[{number}] {source['document']}, passage {source['chunk'] + 1} ({source['score']:.2f})"
        with st.expander(title):
            # As plain text: a passage's own markup must not become part of this page.
            st.text(source["text"])


def upload() -> None:
    """Send files to the API, which answers when they can be asked about."""
    with st.form("upload", clear_on_submit=True, border=False):
        files = st.file_uploader("Markdown, text, HTML or PDF", type=TYPES, accept_multiple_files=True)
        sent = st.form_submit_button("Add to the documents", type="primary")
    if not sent:
        return
    if not files:
        st.warning("Choose at least one file.")
    for file in files:
        parts = {"file": (file.name, file.getvalue(), file.type or "application/octet-stream")}
        with st.spinner(f"{file.name} is being read and embedded …"):
            answer = _call("POST", "/api/documents", files=parts)
        if answer is not None:
            st.success(f"{file.name}: {answer['chunks']} passages.")


def listing() -> None:
    """Show what is stored, newest first, and delete what is chosen."""
    answer = _call("GET", "/api/documents", params={"limit": 500})
    if answer is None:
        return
    rows = answer["documents"]
    if not rows:
        st.info("There are no documents yet.")
        return
    table = [
        {"Name": row["name"], "Passages": row["chunks"], "KB": round(row["size_bytes"] / 1024, 1)}
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
        # Where one could not be deleted, the reason stays on the page.
        if not kept:
            st.rerun()


st.set_page_config(page_title="myrag", page_icon=ICON)
# A quoted passage's headings are not headings of this page.
st.html("<style>blockquote :is(h1, h2, h3, h4, h5, h6) { font-size: 1rem; padding: 0.2rem 0; }</style>")
st.title("Ask your documents")
questions, stored = st.tabs(["Ask", "Documents"])
with questions:
    ask()
with stored:
    upload()
    listing()
