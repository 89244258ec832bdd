"""The text of HTML as a reader sees it, and hostile markup. Does not prove what a browser would
show."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragkit.errors import Unreadable
from ragkit.html_text import MAX_DEPTH, html_text
from ragkit.readers import no_checkpoint


def text(markup: str) -> str:
    return html_text(markup, no_checkpoint)


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("H<sub>2</sub>O at 4<span>2</span> litres", "H2O at 42 litres"),
        ("Donau<wbr>dampf&shy;schiff", "Donaudampfschiff"),
        ("<b>bold</b> and\n <i>italic</i>  words", "bold and italic words"),
        ("<p>One<p>Two", "One\n\nTwo"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<div>a</div>  <div> b </div>c", "a\nb\nc"),
        ("<ul><li>a<li>b</ul>after", "a\nb\n\nafter"),
        ("<TABLE><TR><TD>1<TD>2<TR><TD>3</TD> <TD>4</TD></TABLE>", "1\t2\n3\t4"),
        ("<p>a</p><pre>if x:\n    y</pre>", "a\n\nif x:\n    y"),
        ("<title>T</title><body>x <!-- > c --> y &lt;tag&gt; &amp &eacute;", "x y <tag> & é"),
        ("<script>if (a</b) '</p>'</script><style>p{}</style>shown", "shown"),
        ("<script src='x'/><p>shown</p><title/>too", "shown\n\ntoo"),
        ("<nav>menu<div>more</nav>shown <div><nav>open</div>too", "shown\ntoo"),
        ("<p title='a > b' class=\"x\">shown <a href=x>link</a>", "shown link"),
        ("1 < 2 and 3 > 2 <é>", "1 < 2 and 3 > 2 <é>"),
        ("<textarea>a <b> &amp;\n c</textarea>", "a <b> &\n c"),
        ("<svg><path d='M1'/>no</svg>shown<!doctype html><?php no ?>", "shown"),
    ],
)
def test_text_breaks_at_block_elements_only(markup: str, shown: str) -> None:
    assert text(markup) == shown


def test_self_closing_and_unclosed_formats_do_not_count_as_nesting() -> None:
    assert text("<svg>" + "<path/>" * 2000 + "</svg>" + "<b><p>x" * 2000).count("x") == 2000


@pytest.mark.parametrize("markup", ["<div>", "<span>x", "<x-y>", "<table><tr><td>"])
def test_elements_that_are_nested_too_deep_are_refused(markup: str) -> None:
    assert "x" in text(markup * MAX_DEPTH + "x")
    with pytest.raises(Unreadable, match="the HTML is damaged: its elements are nested more than 512 deep"):
        text(markup * (MAX_DEPTH + 1))


def test_an_invalid_character_reference_is_damage() -> None:
    with pytest.raises(Unreadable, match="the HTML is damaged"):
        text("&#" + "9" * 5000 + ";")


HOSTILE = ["<!--", "<a ", "<a b='", '<a b="', "<a/", "<a =", "</", "<![CDATA[", "<?", "&", "&#x", "<title>"]
HOSTILE += ["<script>a</", "<!-->", "a&b ", "<", "<b id={}><p>x", "<p><q>a</q>", "<font size={}>"]


@pytest.mark.parametrize("pattern", HOSTILE)
def test_a_megabyte_of_hostile_markup_takes_seconds(pattern: str) -> None:
    markup = "".join(pattern.format(number) for number in range(1_000_000 // len(pattern)))
    started = time.perf_counter()
    text(markup)
    assert time.perf_counter() - started < 10


@given(
    st.lists(
        st.sampled_from(["<", ">", "</", "<!--", "-->", "p", "nav", "script", " ", "=", "'", '"', "&", "/"])
    )
)
def test_any_markup_gives_text(pieces: list[str]) -> None:
    assert isinstance(text("".join(pieces)), str)
