"""The role that a request needs, and the limit that counts it."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_to_bytes

from frontdoor.auth.roles import ROLES, Role
from frontdoor.auth.settings import Access, ApiPath, Settings

# What a reader may send by default. WebSockets are opened with GET.
READING = frozenset({"GET", "HEAD", "OPTIONS"})
FORBIDDEN = frozenset(chr(code) for code in (*range(0x20), 0x7F))


@dataclass(frozen=True)
class Original:
    """The request that the gateway asks about."""

    method: str
    uri: str
    service: str

    @property
    def path(self) -> str:
        """The path as the client wrote it."""
        return self.uri.partition("?")[0]


@dataclass(frozen=True)
class Needs:
    """The role that a request needs, and the limits that count it in addition to `requests`."""

    role: Role
    counts: frozenset[Literal["questions", "uploads"]]


def readings(path: str) -> set[str] | None:
    """Return the ways in which servers may read this path, or None if no server may get it.

    nginx chooses a location by the path without `..` and double slashes, and passes on the path as
    the client wrote it. An application may read that one differently.
    """
    decoded = unquote_to_bytes(path).decode(errors="replace")
    if not path.startswith("/") or "#" in path or FORBIDDEN & set(decoded + path):
        return None
    kept: list[str] = []
    for segment in decoded.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in ("", "."):
            kept.append(segment)
    ends = "/" if kept and decoded.endswith(("/", "/.", "/..")) else ""
    return {decoded, f"/{'/'.join(kept)}{ends}"}


def needs(settings: Settings, original: Original) -> Needs | None:
    """Return what a request needs, or None if no server may get its path.

    If the path can be read in several ways, the request needs the highest role of them.
    """
    paths = readings(original.path)
    if paths is None:
        return None
    rules = [rule for path in paths if (rule := _rule(settings.access, original, path))]
    by_default: Role = "reader" if original.method in READING else "editor"
    roles: list[Role] = [rule.role for rule in rules] + [by_default] * (len(paths) - len(rules))
    counts = frozenset(rule.counts for rule in rules if rule.counts)
    return Needs(max(roles, key=ROLES.index), counts)


def is_api(settings: Settings, original: Original) -> bool:
    """Return whether the path is for programs, which get no redirects and no pages."""
    paths = readings(original.path) or {original.path}
    return any(
        path.startswith(api.path) or path == api.path.rstrip("/")
        for api in settings.api_paths
        if _same_service(api, original)
        for path in paths
    )


def _rule(rules: list[Access], original: Original, path: str) -> Access | None:
    method = "GET" if original.method == "HEAD" else original.method
    for rule in rules:
        at_path = path == rule.path or (rule.prefix and f"{path}/".startswith(rule.path))
        if at_path and _same_service(rule, original) and (rule.methods is None or method in rule.methods):
            return rule
    return None


def _same_service(rule: Access | ApiPath, original: Original) -> bool:
    # If the gateway does not name the service, the rules of all services apply.
    return not rule.service or not original.service or rule.service == original.service
