"""Path: the grammar of route paths, `/boards/{board_id:int}/{name}.{extension}`, and of hosts."""

import re
from typing import Mapping, NamedTuple, Sequence, Tuple

from microframe.exceptions import SetupError
from microframe.routing.converters import BUILT_IN, Converter
from microframe.routing.segment import Segment, parse_segment


class PathPattern(NamedTuple):
    """A path as the program writes it, taken apart. Literal text is what a client's path is once decoded."""

    text: str
    segments: Tuple[Segment, ...]
    names: Tuple[str, ...]
    """The parameters, from left to right."""

    @property
    def template(self) -> str:
        """The path without converters, as OpenAPI and metrics write it: `/boards/{board_id}`."""
        return "/" + "/".join([segment.template for segment in self.segments])

    @property
    def shape(self) -> Tuple[object, ...]:
        """The same for paths that are equal, whatever their parameters are called."""
        return tuple([segment.shape for segment in self.segments])

    def __str__(self) -> str:
        return self.text


class HostPattern(NamedTuple):
    """A host as the program writes it: `api.example.com`, `{tenant}.example.com`. Its segments are labels."""

    text: str
    segments: Tuple[Segment, ...]
    names: Tuple[str, ...]

    @property
    def shape(self) -> Tuple[object, ...]:
        """The same for hosts that are equal, whatever their parameters are called."""
        return tuple([segment.shape for segment in self.segments])

    def __str__(self) -> str:
        return self.text


def parse_path(path: str, converters: Mapping[str, Converter] = BUILT_IN) -> PathPattern:
    """Take a route's path apart.

    `/literal/{name}/{name:converter}`. Several parameters in one segment need text between them. One that
    spans segments (`{rest:path}`) stands alone between slashes, once in a path; it takes at least one
    segment, which may be empty.

    Raises:
        SetupError: the path is not of this form; the message names it and says what is wrong.
    """
    where = f"path {path!r}"
    if not path.startswith("/"):
        raise SetupError(f"{where}: it must begin with a slash")
    if "//" in path:
        raise SetupError(f"{where}: two slashes with nothing between them")
    segments = tuple([parse_segment(text, where, converters) for text in path[1:].split("/")])
    spanning = 0
    for segment in segments:
        if segment.parameters:
            spanning += segment.spans
        elif segment.literal in (".", ".."):
            raise SetupError(
                f"{where}: clients resolve `.` and `..` before they ask, so it would never match"
            )
    if spanning > 1:
        raise SetupError(f"{where}: only one parameter may span segments")
    return PathPattern(path, segments, parameter_names(segments, where))


def parse_host(host: str, converters: Mapping[str, Converter] = BUILT_IN) -> HostPattern:
    """Take a route's host apart. A parameter stands within one label; the case of letters means nothing.

    Raises:
        SetupError: it is not the name of a host alone, or a parameter spans labels.
    """
    where = f"host {host!r}"
    texts = re.sub(r"\{[^{}]*\}", "", host)  # what is no parameter
    if re.search(r"[/\\@*?#\s]", texts) or re.search(r"\A[^\[]*:|\]:", texts):
        raise SetupError(f"{where}: it must be a name alone, without scheme, port or wildcard")
    lowered = re.sub(r"\{[^{}]*\}|[^{}]+", lambda found: lower_text(found[0]), host)
    labels = [lowered] if host.startswith("[") else lowered.split(".")
    segments = tuple([parse_segment(label, where, converters) for label in labels])
    if any(segment.literal == "" for segment in segments):
        raise SetupError(f"{where}: an empty label")
    if any(segment.spans for segment in segments):
        raise SetupError(f"{where}: a parameter stands within one label")
    return HostPattern(host, segments, parameter_names(segments, where))


def lower_text(piece: str) -> str:
    """Literal text in lower case; a parameter as it is."""
    return piece if piece.startswith("{") else piece.lower()


def parameter_names(segments: Sequence[Segment], where: str) -> Tuple[str, ...]:
    """The names from left to right, each once."""
    names = tuple([parameter.name for segment in segments for parameter in segment.parameters])
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise SetupError(f"{where}: two parameters are called {twice!r}")
    return names
