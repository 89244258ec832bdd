"""Finds what a browser would fetch because of the elements of a page."""

from markdown_it import MarkdownIt
from streamlit.testing.v1 import AppTest

# The slashes are entities, so that a filter that looks for a slash does not find them.
HOSTILE = "![n1](http:&#47;&#47;evil.example&#47;n1.png) :red[x] =1.md"


def markdown_of(app: AppTest) -> list[str]:
    """Return every text of the page that Streamlit renders as Markdown."""
    lists = (app.markdown, app.caption, app.error, app.success, app.info, app.warning, app.toast)
    return [element.value for elements in lists for element in elements] + [box.label for box in app.expander]


def pictures(app: AppTest) -> list[str]:
    """Return the texts of the page that have a picture."""
    parser = MarkdownIt("commonmark", {"html": False})
    return [
        text
        for text in markdown_of(app)
        if any(child.type == "image" for token in parser.parse(text) for child in token.children or [])
    ]
