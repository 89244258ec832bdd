"""The page of documents: upload, states with automatic refresh, delete."""

from typing import Any

import pandas as pd
import streamlit as st

from ragapp.ui import api
from ragkit.markup import cell, plain
from ragkit.pages import choose_files, one_by_one

STATES = {
    "queued": ":material/schedule: queued",
    "ingesting": ":material/sync: ingesting",
    "ready": ":green[:material/check_circle:] ready",
    "failed": ":red[:material/error:] failed",
}
REFRESH = "2s"


def page() -> None:
    """Show the upload form and the table."""
    st.title("Documents")
    with st.form("upload", clear_on_submit=True, border=True):
        files = choose_files()
        if st.form_submit_button("Add to the documents", icon=":material/library_add:", type="primary"):
            _upload(files)
    _table()


def _upload(files: list[Any]) -> None:
    if not files:
        st.warning("Choose at least one file.")
    for file in one_by_one(files):
        try:
            answer = api.upload(file.name, file.getvalue(), file.type or "application/octet-stream")
        except api.ApiError as error:
            st.error(plain(error), icon=":material/error:")
            continue
        state = "is already stored" if answer["duplicate"] else "is queued for ingestion"
        st.toast(plain(f"{file.name} {state}"), icon=":material/check:")


@st.fragment(run_every=REFRESH)
def _table() -> None:
    try:
        answer = api.documents()
    except api.ApiError as error:
        st.error(plain(error), icon=":material/error:")
        return
    rows = answer["documents"]
    if not rows:
        st.info("There are no documents yet.", icon=":material/inbox:")
        return
    counts = {state: sum(row["state"] == state for row in rows) for state in STATES}
    for column, (state, count) in zip(st.columns(len(STATES)), counts.items(), strict=True):
        column.metric(STATES[state], count, border=True)
    frame = pd.DataFrame(
        {
            "Name": [cell(row["name"]) for row in rows],
            "State": [row["state"] for row in rows],
            "Passages": [row["chunks"] for row in rows],
            "Size (KB)": [row["size_bytes"] / 1024 for row in rows],
            "Uploaded": pd.to_datetime([row["created_at"] for row in rows]),
            "Note": [cell(row["reason"] or "") for row in rows],
        }
    )
    selection = st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        key="documents",
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "Size (KB)": st.column_config.NumberColumn(format="%.1f"),
            "Uploaded": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss"),
            "Note": st.column_config.TextColumn(width="large"),
        },
    )
    chosen = [rows[index] for index in selection["selection"]["rows"] if index < len(rows)]
    if answer["total"] > len(rows):
        st.caption(f"The newest {len(rows)} of {answer['total']} documents.")
    if chosen and st.button(f"Delete {len(chosen)} selected", icon=":material/delete:"):
        _delete(chosen)
    elif not chosen:
        st.caption("Select rows to delete documents.")


def _delete(chosen: list[dict[str, Any]]) -> None:
    for row in chosen:
        try:
            api.delete(row["id"])
        except api.ApiError as error:
            st.error(plain(f"{row['name']}: {error}"), icon=":material/error:")
    st.rerun(scope="fragment")
