"""Makes a document of an event: cleaned texts, dates in the time of the place, and the address."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rag_events.open_agenda import Event
from ragkit.api.uploads import Upload
from ragkit.html_text import html_text
from ragkit.readers import no_checkpoint

# A weekly event of several years would consist of dates.
MAX_DATES = 20


def document(event: Event, language: str) -> Upload | None:
    """Return an event as Markdown. Return None for an event without an id, a title or a date."""
    uid, title = event.get("uid"), _text(event.get("title"), language)
    dates = list(_dates(event))
    if uid in (None, "") or not title or not dates:
        return None
    facts = {
        "When": "; ".join(dates[:MAX_DATES]) + _more(dates),
        "Where": _place(event.get("location"), language),
        "Conditions": _text(event.get("conditions"), language),
        "Age": _age(event.get("age")),
        "Keywords": ", ".join(_list(event.get("keywords"), language)),
        "Page": _page(event),
    }
    parts = [
        f"# {title}",
        "\n".join(f"- {name}: {value}" for name, value in facts.items() if value),
        _text(event.get("description"), language),
        _text(event.get("longDescription"), language),
    ]
    content = "\n\n".join(part for part in parts if part)
    return Upload(f"{uid} {_file_name(title)}.md", "text/markdown", f"{content}\n".encode())


def _value(value: Any, language: str) -> Any:
    """Return the value in the language, or in any language that it has."""
    if isinstance(value, dict):
        return value.get(language) or next(filter(None, value.values()), "")
    return value


def _text(value: Any, language: str) -> str:
    """Return a text without HTML. A `<` that begins no tag stays."""
    found = _value(value, language)
    return (
        html_text(found, no_checkpoint)
        if isinstance(found, str) and "<" in found
        else str(found or "").strip()
    )


def _list(value: Any, language: str) -> list[str]:
    found = _value(value, language)
    items = found if isinstance(found, list) else [found]
    return [text for item in items if (text := _text(item, language))]


def _dates(event: Event) -> Iterator[str]:
    """Yield the dates from the first to the last."""
    zone = _zone(event)
    timings = event.get("timings")
    for timing in sorted(timings, key=str) if isinstance(timings, list) else []:
        try:
            begin, end = (_moment(timing[name], zone) for name in ("begin", "end"))
        except (KeyError, TypeError, ValueError):
            continue
        until = f"{end:%H:%M}" if end.date() == begin.date() else f"{end:%Y-%m-%d %H:%M}"
        yield f"{begin:%Y-%m-%d %H:%M} to {until}"


def _zone(event: Event) -> ZoneInfo | None:
    location = event.get("location")
    name = event.get("timezone") or (location.get("timezone") if isinstance(location, dict) else None)
    try:
        return ZoneInfo(name) if isinstance(name, str) else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _moment(value: str, zone: ZoneInfo | None) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment.astimezone(zone) if zone and moment.tzinfo else moment


def _more(dates: list[str]) -> str:
    return f"; and {len(dates) - MAX_DATES} more, the last {dates[-1]}" if len(dates) > MAX_DATES else ""


def _place(location: Any, language: str) -> str:
    if not isinstance(location, dict):
        return ""
    parts = (_text(location.get(name), language) for name in ("name", "address", "postalCode", "city"))
    known: list[str] = []
    for part in parts:
        # Many addresses contain the postal code and the city.
        if part and not any(part in other for other in known):
            known.append(part)
    return ", ".join(known)


def _age(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    low, high = value.get("min"), value.get("max")
    if low is not None and high is not None:
        return f"{low} to {high}"
    return f"from {low}" if low is not None else f"to {high}" if high is not None else ""


def _page(event: Event) -> str:
    origin, slug = event.get("originAgenda"), event.get("slug")
    if not isinstance(origin, dict) or not origin.get("slug") or not slug:
        return ""
    return f"https://openagenda.com/{origin['slug']}/events/{slug}"


def _file_name(title: str) -> str:
    """Return a title as a part of a file name."""
    return "".join(letter if letter.isprintable() and letter not in "/\\" else " " for letter in title)[:150]
