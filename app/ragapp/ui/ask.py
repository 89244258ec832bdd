"""The page of questions: the answer while it is written, then the passages it is based on."""

from typing import Any

import streamlit as st

from ragapp.ui import api
from ragkit.markup import plain, without_pictures


def page() -> None:
    """Show the conversation and take the next question."""
    head, clear = st.columns([5, 1], vertical_alignment="bottom")
    head.title("Ask your documents")
    turns: list[dict[str, Any]] = st.session_state.setdefault("turns", [])
    if turns and clear.button("Clear", icon=":material/delete_sweep:", width="stretch"):
        turns.clear()
        st.rerun()
    with st.sidebar:
        k = st.slider("Passages to retrieve (top-k)", 1, 20, 5)
    if not turns:
        st.caption(
            "Every answer comes with the passages it is based on. Upload documents on the page Documents."
        )
    for turn in turns:
        _show(turn)
    if question := st.chat_input("Ask a question", max_chars=4000):
        turn = {"question": question}
        with st.chat_message("user"):
            st.markdown(without_pictures(question))
        with st.chat_message("assistant", avatar=":material/menu_book:"):
            try:
                _stream(question, k, turn)
            except api.ApiError as error:
                turn["error"] = str(error)
            _show_rest(turn)
        turns.append(turn)


def _stream(question: str, k: int, turn: dict[str, Any]) -> None:
    output = st.empty()
    turn["answer"] = ""
    for event in api.ask(question, k):
        if event.name == "sources":
            turn["sources"] = event.data["sources"]
        elif event.name == "token":
            turn["answer"] += event.data["text"]
            output.markdown(without_pictures(turn["answer"]))
        elif event.name == "done":
            turn["timings"] = event.data["timings"]
        elif event.name == "error":
            turn["error"] = event.data["detail"]


def _show(turn: dict[str, Any]) -> None:
    with st.chat_message("user"):
        st.markdown(without_pictures(turn["question"]))
    with st.chat_message("assistant", avatar=":material/menu_book:"):
        if "answer" in turn:
            st.markdown(without_pictures(turn["answer"]))
        _show_rest(turn)


def _show_rest(turn: dict[str, Any]) -> None:
    if "error" in turn:
        st.error(plain(turn["error"]), icon=":material/error:")
    sources = turn.get("sources") or []
    if sources:
        with st.expander(f"{len(sources)} sources, best first", icon=":material/format_quote:"):
            for number, source in enumerate(sources, start=1):
                st.markdown(
                    f"**[{number}] {plain(source['document'])}** · passage {source['chunk'] + 1} "
                    f"· :blue-badge[similarity {source['score']:.2f}]"
                )
                # Shown as plain text, so that the markup of a passage does not become part of the
                # page.
                st.text(source["text"])
    if "timings" in turn:
        st.caption(
            " · ".join(
                f"{name.removesuffix('_ms')} {milliseconds:.0f} ms"
                for name, milliseconds in turn["timings"].items()
            )
        )
