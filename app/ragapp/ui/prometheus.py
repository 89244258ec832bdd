"""The client of Prometheus. Without Prometheus, the pages report that and show everything else."""

import time
from dataclasses import dataclass
from typing import Any

import httpx
import pandas as pd
import streamlit as st

from ragapp.ui.config import PROMETHEUS_URL


class PrometheusError(Exception):
    """The reason why Prometheus has nothing to show."""


@dataclass(frozen=True)
class Sample:
    """The labels of a series and its newest value."""

    labels: dict[str, str]
    value: float


@st.cache_resource
def _http() -> httpx.Client:
    return httpx.Client(base_url=PROMETHEUS_URL, timeout=httpx.Timeout(5, connect=1))


def instant(query: str) -> list[Sample]:
    """Return the current value of every series."""
    result = _query("/api/v1/query", {"query": query})
    return [Sample(series["metric"], float(series["value"][1])) for series in result]


def history(query: str, label: str, minutes: int) -> pd.DataFrame:
    """Return the series of the last minutes as rows of time, series and value."""
    end = time.time()
    step = max(15, minutes * 60 // 120)
    result = _query(
        "/api/v1/query_range", {"query": query, "start": end - minutes * 60, "end": end, "step": step}
    )
    rows = [
        {
            "time": pd.Timestamp(moment, unit="s", tz="UTC"),
            "series": _name(series["metric"], label),
            "value": value,
        }
        for series in result
        for moment, text in series["values"]
        if (value := float(text)) == value  # a rate without requests is NaN, which no chart can draw
    ]
    return pd.DataFrame(rows, columns=["time", "series", "value"])


def _name(labels: dict[str, str], label: str) -> str:
    return labels.get(label) or ", ".join(f"{key}={value}" for key, value in labels.items()) or "all"


def _query(path: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    if not PROMETHEUS_URL:
        raise PrometheusError("No monitoring is configured (RAG_PROMETHEUS_URL is not set).")
    try:
        answer = _http().get(path, params=parameters)
        answer.raise_for_status()
        return list(answer.json()["data"]["result"])
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise PrometheusError(
            f"Prometheus does not answer at {PROMETHEUS_URL} ({error or type(error).__name__})."
        ) from error
