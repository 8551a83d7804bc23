"""Entries written in one line, for the tests of the matcher."""

from typing import Any, Dict, Optional, Tuple

from microframe.routing.converters import Converters
from microframe.routing.matcher import Entry, Matcher, build_matcher
from microframe.routing.path import parse_host, parse_path
from microframe.routing.steps import ANY

Found = Optional[Tuple[str, Dict[str, Any], Optional[str]]]

LADDER = [
    "GET /a-1",
    "GET /{n:date}-x",
    "GET /{id:uuid}",
    "GET /{day:date}",
    "GET /{n:int}",
    "GET /{n:float}",
    "GET /a-{x}",
    "GET /{x}-{y}",
    "GET /{x}",
    "GET /{rest:path}",
    "MOUNT /",
]
"""Everything that may stand at one place, the most specific first."""


def entry(text: str, converters: Optional[Converters] = None) -> Entry[str]:
    """`GET /a`, `GET,POST /{x}`, `MOUNT /a`, `* /a`, `GET /a @host`; the text is the payload too."""
    methods, path, *at = text.split(" ")
    return Entry(
        parse_path(path, converters or Converters()),
        text,
        frozenset({ANY} if methods == "MOUNT" else methods.split(",")),
        host=parse_host(at[0][1:]) if at else None,
        mount=methods == "MOUNT",
    )


def matcher(*texts: str) -> Matcher[str]:
    return build_matcher([entry(text) for text in texts])


def path_of(found: Found) -> Optional[str]:
    return found and found[0].split(" ")[1]
