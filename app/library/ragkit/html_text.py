"""The text of HTML, as a reader sees it: lines break at block elements and `br` only.

It is a scanner, and does not build a tree. Measured with 60 kB of hostile markup: lexbor takes 3.9
GB for unclosed `b` elements, which a browser repeats in each paragraph, and html.parser of Python
3.13.0 takes 108 s for unclosed tags. This scanner is linear in both.
"""

import html
import re
from collections.abc import Callable, Iterator

from ragkit.errors import Unreadable

# Browsers flatten elements that are nested deeper.
MAX_DEPTH = 512
# Tags between two calls of the checkpoint.
CHECK_EVERY = 10_000


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


PARAGRAPHS = _names(
    "address article aside blockquote dl fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr main ol p "
    "pre section table ul"
)
LINES = PARAGRAPHS | _names(
    "body br caption center dd details dialog div dt figcaption hgroup html legend li menu nav optgroup "
    "option search summary tbody tfoot thead title tr"
)
CELLS = _names("td th")
HIDDEN = _names("nav noscript script style svg template title")
# These keep their line breaks.
LITERAL = _names("pre textarea")
# These elements have no end tag, an optional one, or one that authors often forget.
NOT_COUNTED = _names(
    "area base br col embed hr img input link meta param source track wbr "
    "body caption colgroup dd dt head html li optgroup option p rp rt tbody td tfoot th thead tr "
    "a b big code em font i nobr s small strike strong sub sup tt u"
)
# Their content has no tags.
RAW = _names("script style textarea title")

# From the narrowest to the widest.
GAPS = ("", " ", "\t", "\n", "\n\n")

# The expression takes linear time, because no part can match in two ways. A tag without an end
# contains the rest of the file.
TAG = re.compile(r"<(/?+)([a-zA-Z][^\s/>]*+)(?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')?+)*+>")
TAG_START = re.compile(r"<[a-zA-Z]")
RAW_END = {tag: re.compile(rf"</{tag}(?=[\s/>])", re.IGNORECASE) for tag in RAW}
BLANKS = re.compile(r"[ \t\n\r\f]+")
SOFT_HYPHEN = "\xad"


def html_text(markup: str, checkpoint: Callable[[], None]) -> str:
    """Return the text. Calls `checkpoint` regularly, so that the checkpoint can end the work."""
    reader = _Reader()
    for number, (text, tag) in enumerate(_scan(markup)):
        if number % CHECK_EVERY == 0:
            checkpoint()
        reader.text(text)
        if tag and tag[1]:
            reader.end(tag[2].lower())
        elif tag:
            reader.start(tag[2].lower(), closed=tag[0].endswith("/>"))
    return "".join(reader.parts).replace(SOFT_HYPHEN, "").strip()


def _scan(markup: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """Yield each text with the tag after it, or without a tag before a comment and at the end."""
    at = begin = 0
    while (at := markup.find("<", at)) >= 0:
        tag = TAG.match(markup, at)
        if tag:
            yield _unescaped(markup[begin:at]), tag
            at = begin = tag.end()
            raw_end = RAW_END.get(tag[2].lower())
            if raw_end and not tag[1] and not tag[0].endswith("/>"):
                found = raw_end.search(markup, at)
                at = found.start() if found else len(markup)
        elif markup.startswith(("<!", "<?", "</"), at):
            yield _unescaped(markup[begin:at]), None
            end = "-->" if markup.startswith("<!--", at) else ">"
            # The start of a comment may share its hyphens with the end: <!-->
            found_at = markup.find(end, at + 2)
            at = begin = found_at + len(end) if found_at >= 0 else len(markup)
        elif TAG_START.match(markup, at):
            break
        else:
            at += 1
    yield _unescaped(markup[begin : at if at >= 0 else len(markup)]), None


def _unescaped(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError as error:  # a character reference with more digits than a number may have
        raise Unreadable("the HTML is damaged: a character reference is too long") from error


class _Reader:
    """Collects the visible text."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._open: list[str] = []
        # The number of open elements when the outermost hidden one began.
        self._hidden_at: int | None = None
        self._literal = 0
        # The blank or break that goes between the last text and the next one.
        self._gap = ""

    def start(self, tag: str, *, closed: bool) -> None:
        """Record the break before an element. Also record that the element is open, unless its tag
        closes it.
        """
        self._break(tag)
        if closed or tag in NOT_COUNTED:
            return
        if tag in HIDDEN and self._hidden_at is None:
            self._hidden_at = len(self._open)
        self._literal += tag in LITERAL
        self._open.append(tag)
        if len(self._open) > MAX_DEPTH:
            raise Unreadable(f"the HTML is damaged: its elements are nested more than {MAX_DEPTH} deep")

    def end(self, tag: str) -> None:
        """Record the break after an element. This also closes all elements that are open inside it."""
        self._break(tag)
        if tag not in self._open:
            return
        while True:
            ended = self._open.pop()
            self._literal -= ended in LITERAL
            if ended == tag:
                break
        if self._hidden_at is not None and len(self._open) <= self._hidden_at:
            self._hidden_at = None

    def text(self, data: str) -> None:
        """Add text. Several blanks become one, and blanks next to a break are removed, except in
        literal elements."""
        if self._hidden_at is not None:
            return
        if self._literal:
            self._add(data)
            return
        text = BLANKS.sub(" ", data)
        if text.startswith(" "):
            self._gap = self._gap or " "
        if text.strip(" "):
            self._add(text.strip(" "))
            self._gap = " " if text.endswith(" ") else ""

    def _add(self, text: str) -> None:
        self.parts += (self._gap, text)
        self._gap = ""

    def _break(self, tag: str) -> None:
        if self._hidden_at is not None:
            return
        wanted = "\n\n" if tag in PARAGRAPHS else "\n" if tag in LINES else "\t" if tag in CELLS else ""
        # The widest of several breaks is used: paragraph, then line, then cell.
        if wanted and GAPS.index(wanted) > GAPS.index(self._gap):
            self._gap = wanted
