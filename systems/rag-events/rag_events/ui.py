"""The page: ask, upload, see what is there. Streamlit runs this file anew at every click."""

import os
from typing import Any

import httpx
import streamlit as st

API = httpx.Client(base_url=os.environ.get("API_URL") or "http://api:8000", timeout=120)


def call(method: str, path: str, **arguments: Any) -> Any:
    """Return the API's answer, or show what is wrong and return None."""
    try:
        answer = API.request(method, path, **arguments)
    except httpx.HTTPError as error:
        st.error(f"The API at {API.base_url} does not answer ({error or type(error).__name__}).")
        return None
    try:
        content = answer.json()
    except ValueError:
        content = {"detail": answer.text[:200]}
    if answer.is_success:
        return content
    st.error(f"{answer.status_code}: {content.get('detail', content)}")
    return None


def ask() -> None:
    """Show the form of the questions, and the answer."""
    with st.form("ask"):
        question = st.text_input("Question", max_chars=4000)
        k = st.slider("Passages", 1, 20, 5)
        asked = st.form_submit_button("Ask", type="primary")
    if asked and question.strip():
        with st.spinner("Looking for the answer …"):
            answer = call("POST", "/query", json={"question": question, "k": k})
        if answer:
            st.markdown(_without_pictures(answer["answer"]))
            for number, source in enumerate(answer["sources"], start=1):
                with st.expander(f"[{number}] {source['document']}, score {source['score']:.2f}"):
                    st.text(source["text"])


def documents() -> None:
    """Show the form of the uploads, and the list."""
    with st.form("upload", clear_on_submit=True):
        files = st.file_uploader(
            "Markdown, text, HTML or PDF",
            type=["md", "markdown", "txt", "text", "html", "htm", "pdf"],
            accept_multiple_files=True,
        )
        if st.form_submit_button("Add", type="primary"):
            for file in files or []:
                if added := call("POST", "/documents", files={"file": (file.name, file.getvalue())}):
                    st.success(f"{added['name']}: {added['chunks']} chunks")
    listed = call("GET", "/documents")
    if listed:
        st.dataframe([{"name": one["name"], "chunks": one["chunks"]} for one in listed], hide_index=True)
    elif listed is not None:
        st.info("There are no documents yet.")


def _without_pictures(markdown: str) -> str:
    # A passage or a model could name a picture on another server, which the browser would fetch.
    return markdown.replace("![", "[")


st.set_page_config(page_title="rag-events", layout="centered")
st.title("rag-events")
asking, keeping = st.tabs(["Ask", "Documents"])
with asking:
    ask()
with keeping:
    documents()
