"""The page of the system state: the health of every service and charts from Prometheus."""

from dataclasses import dataclass

import altair as alt
import streamlit as st

from ragapp.ui import api, prometheus
from ragkit.markup import plain

REFRESH = "15s"


@dataclass(frozen=True)
class Chart:
    """A chart. A label names the series. The first query that has data is drawn."""

    title: str
    unit: str
    label: str
    queries: tuple[str, ...]
    scale: float = 1


# The metrics that are 0 if a service does not work, and what that means.
REASONS = {
    "up": "cannot be scraped",
    "probe_success": "probe fails",
    "pg_up": "does not answer its exporter",
    "redis_up": "does not answer its exporter",
}

# The stores whose exporters have these metrics.
STORES = {"pg_up": "postgres", "redis_up": "redis"}

# Excludes the requests of health checks and Prometheus.
OF_USERS = 'route=~"/api/.+",route!~"/api/(health|ready)"'

CHARTS = (
    Chart(
        "Requests", "per second", "route", (f"sum by (route) (rate(http_requests_total{{{OF_USERS}}}[1m]))",)
    ),
    Chart(
        "Latency by stage, 95th percentile",
        "seconds",
        "stage",
        ("histogram_quantile(0.95, sum by (le, stage) (rate(rag_stage_duration_seconds_bucket[5m])))",),
    ),
    Chart("Documents by state", "documents", "state", ("max by (state) (rag_documents)",)),
    Chart("Passages stored", "passages", "", ("max(rag_chunks)",)),
    Chart("Waiting for ingestion", "documents", "", ("max(rag_queue_depth)",)),
    Chart(
        "Memory",
        "MiB",
        "job",
        (
            'sum by (name) (container_memory_working_set_bytes{name!=""})',
            "sum by (job) (process_resident_memory_bytes)",
        ),
        scale=1 / 2**20,
    ),
)


def page() -> None:
    """Show health and charts."""
    head, choice = st.columns([3, 1], vertical_alignment="bottom")
    head.title("Status")
    minutes = choice.selectbox(
        "Time shown",
        (15, 60, 360, 1440),
        index=0,
        format_func=lambda m: f"{m} min" if m < 60 else f"{m // 60} h",
    )
    _health()
    _charts(minutes)


@st.fragment(run_every=REFRESH)
def _health() -> None:
    st.subheader("The API and its dependencies")
    try:
        readiness = api.readiness()
    except api.ApiError as error:
        st.error(plain(error), icon=":material/error:")
    else:
        _tiles({item["name"]: (item["ok"], item["detail"]) for item in readiness["dependencies"]})
    st.subheader("Services under monitoring")
    try:
        samples = [sample for metric in REASONS for sample in prometheus.instant(metric)]
    except prometheus.PrometheusError as error:
        st.info(
            plain(f"{error} The health of single services and the charts are not shown."),
            icon=":material/info:",
        )
        return
    services: dict[str, tuple[bool, str]] = {}
    for sample in samples:
        metric = sample.labels.get("__name__", "up")
        name = STORES.get(metric) or sample.labels.get("service") or sample.labels.get("job", "?")
        healthy, details = services.get(name, (True, ""))
        if not sample.value:
            details = f"{details} {sample.labels.get('instance', '')}: {REASONS[metric]}".strip()
        services[name] = (healthy and bool(sample.value), details)
    _tiles(dict(sorted(services.items())))


def _tiles(services: dict[str, tuple[bool, str]]) -> None:
    columns = st.columns(4)
    for index, (name, (healthy, details)) in enumerate(services.items()):
        with columns[index % 4].container(border=True):
            badge = ":green-badge[up]" if healthy else ":red-badge[down]"
            st.markdown(f"**{plain(name)}** {badge}")
            if details:
                st.caption(plain(details))


@st.fragment(run_every=REFRESH)
def _charts(minutes: int) -> None:
    columns = st.columns(2)
    for index, chart in enumerate(CHARTS):
        try:
            drawn = _draw(chart, minutes)
        except prometheus.PrometheusError:
            return  # the section above shows the reason
        with columns[index % 2].container(border=True):
            st.markdown(f"**{chart.title}** ({chart.unit})")
            if drawn is None:
                st.caption("No data yet.")
            else:
                st.altair_chart(drawn, width="stretch")


def _draw(chart: Chart, minutes: int) -> alt.Chart | None:
    for query in chart.queries:
        frame = prometheus.history(query, "name" if "by (name)" in query else chart.label, minutes)
        if not frame.empty:
            break
    else:
        return None
    frame["value"] *= chart.scale
    top = float(frame["value"].max()) * 1.05 or 1.0
    legend = alt.Legend(orient="bottom", columns=2, labelLimit=220) if frame["series"].nunique() > 1 else None
    drawn: alt.Chart = (
        alt.Chart(frame, height=220)
        .mark_line()
        .encode(
            x=alt.X("time:T", title=None),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, top])),
            color=alt.Color("series:N", title=None, legend=legend),
            tooltip=["series:N", alt.Tooltip("value:Q", format=".3~f"), "time:T"],
        )
    )
    return drawn
