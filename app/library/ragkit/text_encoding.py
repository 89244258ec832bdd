"""The encoding of a text file: its byte order mark, then what the file itself declares, then
UTF-8."""

import codecs
import re

from ragkit.errors import Unreadable

# UTF-32 comes before UTF-16, because its mark begins with the mark of UTF-16.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Browsers look for the declaration in the first 1024 bytes.
DECLARED_WITHIN = 1024
DECLARATION = re.compile(
    rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']"
    rb"|<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})",
    re.IGNORECASE,
)
# Browsers read these labels as a larger encoding (WHATWG Encoding Standard). A file that declares
# one of them often uses characters that only the larger encoding has. The names are those of
# Python's codecs.
READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    # The declaration was readable as ASCII. The file cannot be UTF-16.
    "utf-16": "utf-8",
    "utf-16-le": "utf-8",
    "utf-16-be": "utf-8",
}
# Labels of the same standard that Python does not know.
ALIASES = {
    "iso-8859-8-i": "iso8859-8",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "windows-949": "cp949",
    "x-gbk": "gbk",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-sjis": "shift_jis",
}
# The only codecs that a file can choose. Python has others, such as `zlib` and `unicode_escape`.
ALLOWED = frozenset(
    ["utf-8", "cp866", "cp874", "cp932", "cp949", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"]
    + ["euc_jp", "iso2022_jp", "gb18030", "big5hkscs"]
    + [f"cp{number}" for number in range(1250, 1259)]
    + [f"iso8859-{number}" for number in range(2, 17)]
)


def decode(content: bytes, media_type: str) -> str:
    """Return the text of the bytes. Raises Unreadable when they are not text in their encoding."""
    encoding, length = _encoding(content, media_type)
    try:
        text = content[length:].decode(encoding)
    except UnicodeDecodeError as error:
        at = length + error.start
        raise Unreadable(
            f"the text is not {encoding.upper()}: byte {at} is {content[at]:#04x}; save the file as UTF-8"
        ) from error
    if "\x00" in text:
        raise Unreadable(f"the text has a NUL byte at character {text.index(chr(0))}; is it a binary file?")
    return text


def _encoding(content: bytes, media_type: str) -> tuple[str, int]:
    """Return the name of the codec, and the length of the byte order mark."""
    for mark, name in MARKS:
        if content.startswith(mark):
            return name, len(mark)
    if media_type == "text/html" and (found := DECLARATION.search(content[:DECLARED_WITHIN])):
        return _codec((found[1] or found[2]).decode("ascii")), 0
    return "utf-8", 0


def _codec(label: str) -> str:
    """Return the codec for a declared encoding."""
    try:
        name = codecs.lookup(ALIASES.get(label.lower(), label)).name
    except LookupError:
        name = ""
    name = READ_AS.get(name, name)
    if name not in ALLOWED:
        raise Unreadable(f"the file declares the encoding {label}, which is not supported; save it as UTF-8")
    return name
