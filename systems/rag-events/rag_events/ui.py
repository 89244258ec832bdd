"""The page: ask, upload, see the documents. Streamlit runs this file at every click."""

import os

import httpx
import streamlit as st

from ragkit.markup import cell, plain, without_pictures
from ragkit.pages import call, choose_files, one_by_one, show_sources, show_visitor

API = httpx.Client(base_url=os.environ.get("API_URL") or "http://api:8000", timeout=120)


def ask() -> None:
    """Show the form for questions, and the answer."""
    with st.form("ask"):
        question = st.text_input("Question", max_chars=4000)
        k = st.slider("Passages", 1, 20, 5)
        asked = st.form_submit_button("Ask", type="primary")
    if asked and question.strip():
        with st.spinner("Searching the documents …"):
            answer = call(API, "POST", "/query", json={"question": question, "k": k})
        if answer:
            st.markdown(without_pictures(answer["answer"]))
            show_sources(answer["sources"])


def documents() -> None:
    """Show the form for uploads, and the list."""
    with st.form("upload", clear_on_submit=True):
        files = choose_files()
        if st.form_submit_button("Add", type="primary"):
            for file in one_by_one(files):
                if added := call(API, "POST", "/documents", files={"file": (file.name, file.getvalue())}):
                    st.success(plain(f"{added['name']}: {added['chunks']} chunks"))
    listed = call(API, "GET", "/documents")
    if listed:
        rows = [{"name": cell(one["name"]), "chunks": one["chunks"]} for one in listed]
        st.dataframe(rows, hide_index=True)
    elif listed is not None:
        st.info("There are no documents yet.")


st.set_page_config(page_title="rag-events", layout="centered")
st.title("rag-events")
show_visitor()
asking, keeping = st.tabs(["Ask", "Documents"])
with asking:
    ask()
with keeping:
    documents()
