"""Path: the grammar of route paths, `/boards/{board_id:int}/{name}.{extension}`, and how one segment is taken apart."""

import re
from dataclasses import dataclass
from typing import Any, Callable, List, Mapping, Optional, Pattern, Tuple, Union

from microframe.exceptions import SetupError
from microframe.routing.converters import BUILT_IN, Converter


@dataclass(frozen=True)
class Parameter:
    """`{name:kind}`."""

    name: str
    kind: str
    converter: Converter


Part = Union[str, Parameter]


@dataclass(frozen=True)
class Segment:
    """What stands between two slashes: one text, one parameter, or texts and parameters in turn."""

    parts: Tuple[Part, ...]

    @property
    def literal(self) -> Optional[str]:
        """The text, where there is nothing else."""
        only = self.parts[0]
        return only if isinstance(only, str) and len(self.parts) == 1 else None

    @property
    def parameters(self) -> Tuple[Parameter, ...]:
        return tuple(part for part in self.parts if isinstance(part, Parameter))

    @property
    def shape(self) -> Tuple[Union[str, Converter], ...]:
        """What two segments have in common that match the same texts, whatever their parameters are called."""
        return tuple(part if isinstance(part, str) else part.converter for part in self.parts)

    @property
    def spans(self) -> bool:
        """Whether it takes any number of segments."""
        return any(parameter.converter.spans for parameter in self.parameters)

    @property
    def template(self) -> str:
        """The segment without converters: `{name}.{extension}`."""
        return "".join(part if isinstance(part, str) else "{" + part.name + "}" for part in self.parts)


@dataclass(frozen=True)
class PathPattern:
    """A path as written by the program, taken apart. Literal text is what a client's path is after decoding."""

    text: str
    segments: Tuple[Segment, ...]
    names: Tuple[str, ...]
    """The parameters, from left to right."""

    @property
    def is_static(self) -> bool:
        return not self.names

    @property
    def template(self) -> str:
        """The path without converters, as OpenAPI and metrics write it: `/boards/{board_id}`."""
        return "/" + "/".join(segment.template for segment in self.segments)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class HostPattern:
    """A host name as written by the program: `api.example.com`, `{tenant}.example.com`. Its segments are labels."""

    text: str
    segments: Tuple[Segment, ...]
    names: Tuple[str, ...]

    def __str__(self) -> str:
        return self.text


def parse_path(path: str, converters: Mapping[str, Converter] = BUILT_IN) -> PathPattern:
    """Take a route's path apart.

    `/literal/{name}/{name:converter}`; several parameters in one segment want text between them; one that spans
    segments (`{rest:path}`) stands alone between slashes, once in a path, and takes at least one segment, which may
    be empty.

    Raises:
        SetupError: the path is not of this form; the message names it and says what is wrong.
    """
    if not path.startswith("/"):
        raise SetupError(f"path {path!r}: it must begin with a slash")
    segments = tuple(parse_segment(text, f"path {path!r}", converters) for text in path[1:].split("/"))
    literals = [segment.literal for segment in segments]
    if "" in literals[:-1]:
        raise SetupError(f"path {path!r}: two slashes with nothing between them")
    if "." in literals or ".." in literals:
        raise SetupError(
            f"path {path!r}: clients resolve `.` and `..` before they ask, so it would never match"
        )
    if sum(segment.spans for segment in segments) > 1:
        raise SetupError(f"path {path!r}: only one parameter may span segments")
    return PathPattern(path, segments, parameter_names(segments, f"path {path!r}"))


def parse_host(host: str, converters: Mapping[str, Converter] = BUILT_IN) -> HostPattern:
    """Take a route's host apart; each parameter stands within one label. Letters' case means nothing.

    Raises:
        SetupError: it is not a host name without port, or a parameter spans labels.
    """
    where = f"host {host!r}"
    labels = [host] if host.startswith("[") else split_labels(host)
    segments = tuple(parse_segment(label, where, converters, lower=True) for label in labels)
    for segment in segments:
        if segment.literal == "":
            raise SetupError(f"{where}: an empty label")
        if segment.spans:
            raise SetupError(f"{where}: a parameter stands within one label")
    if any(
        isinstance(part, str) and re.search(r"[/\\@*\s]|:\d*\Z", part) for s in segments for part in s.parts
    ):
        raise SetupError(f"{where}: it must be a host name, without scheme, port or wildcard")
    return HostPattern(host, segments, parameter_names(segments, where))


def split_labels(host: str) -> List[str]:
    """The labels between dots."""
    return host.split(".")


def parse_segment(text: str, where: str, converters: Mapping[str, Converter], lower: bool = False) -> Segment:
    """Take apart what stands between two slashes (or dots, in a host)."""
    parts: List[Part] = []
    for piece in re.split(r"(\{[^{}]*\})", text):
        if piece.startswith("{") and piece.endswith("}"):
            parts.append(parse_parameter(piece[1:-1], where, converters))
        elif "{" in piece or "}" in piece:
            raise SetupError(f"{where}: a brace without its partner")
        elif piece:
            parts.append(check_literal(piece.lower() if lower else piece, where))
    segment = Segment(tuple(parts) or ("",))
    if segment.spans and len(parts) > 1:
        raise SetupError(f"{where}: a parameter that spans segments stands alone between slashes")
    if any(isinstance(one, Parameter) and isinstance(two, Parameter) for one, two in zip(parts, parts[1:])):
        raise SetupError(f"{where}: parameters side by side need text between them, to know where one ends")
    return segment


def parse_parameter(text: str, where: str, converters: Mapping[str, Converter]) -> Parameter:
    """`name` or `name:converter`, what stands between braces."""
    name, colon, kind = text.partition(":")
    if not name.isidentifier():
        raise SetupError(f"{where}: {name!r} is no name for a parameter")
    kind = kind if colon else "str"
    if kind not in converters:
        raise SetupError(f"{where}: no converter is called {kind!r}; there are {', '.join(converters)}")
    return Parameter(name, kind, converters[kind])


def check_literal(text: str, where: str) -> str:
    """Text that a decoded path can contain."""
    if "?" in text or "#" in text:
        raise SetupError(f"{where}: query and fragment are no part of a path")
    if not text.isprintable():
        raise SetupError(f"{where}: control characters")
    return text


def parameter_names(segments: Tuple[Segment, ...], where: str) -> Tuple[str, ...]:
    """The names from left to right, each once."""
    names = tuple(parameter.name for segment in segments for parameter in segment.parameters)
    for name in names:
        if names.count(name) > 1:
            raise SetupError(f"{where}: two parameters are called {name!r}")
    return names


# One segment of several parts ----------------------------------------------------------------------------------------

Run = List[Union[str, "Pattern[str]"]]
"""Parts whose length follows from where they begin: texts, and parameters with a pattern."""


def build_splitter(segment: Segment) -> Callable[[str], Tuple[Any, ...]]:
    """Compile texts and parameters within one segment to a function from its text to the values.

    A parameter with a pattern takes all that the pattern matches, one without takes as much as it can, the first one
    first: `{name}.{extension}` splits at the last dot. What was taken is then parsed; there is no second try, so the
    work grows with the length of the segment and no faster. The function raises ValueError where nothing fits.
    """
    runs: List[Run] = [[]]
    parsers = [parameter.converter.parse for parameter in segment.parameters]
    for part in segment.parts:
        if isinstance(part, str):
            runs[-1].append(part)
        elif part.converter.pattern is None:
            runs.append([])
        else:
            runs[-1].append(re.compile(part.converter.pattern))

    def split(text: str) -> Tuple[Any, ...]:
        return tuple([parse(taken) for parse, taken in zip(parsers, take_apart(runs, text))])

    return split


def take_apart(runs: List[Run], text: str) -> List[str]:
    """What each parameter takes; between two runs stands a parameter without a pattern, which is never empty."""
    head = match_run(runs[0], text, 0)
    if head is None or (len(runs) == 1 and head[0] != len(text)):
        raise ValueError
    low, taken = head
    after: List[str] = []
    stop = len(text)
    for number in range(len(runs) - 1, 0, -1):
        start, end, texts = find_run(runs[number], text, (low + 1, stop), number == len(runs) - 1)
        after[:0] = texts if end == stop else [*texts, text[end:stop]]
        stop = start
    return taken + ([text[low:stop]] if len(runs) > 1 else []) + after


def find_run(run: Run, text: str, bounds: Tuple[int, int], last: bool) -> Tuple[int, int, List[str]]:
    """Where a run stands furthest to the right: its start, its end, what its parameters take."""
    low, stop = bounds
    if not run and low <= stop:
        return stop, stop, []
    first = run[0] if run else ""
    assert isinstance(first, str)  # parse_segment saw to it: after a parameter there is text
    start = text.rfind(first, low, stop) if run else -1
    while start >= 0:
        found = match_run(run, text, start)
        if found is not None and (found[0] == stop if last else found[0] < stop):
            return start, found[0], found[1]
        start = text.rfind(first, low, start + len(first) - 1)
    raise ValueError


def match_run(run: Run, text: str, start: int) -> Optional[Tuple[int, List[str]]]:
    """Where a run that begins at `start` ends, and what its parameters take."""
    taken: List[str] = []
    for part in run:
        if isinstance(part, str):
            if not text.startswith(part, start):
                return None
            start += len(part)
        else:
            found = part.match(text, start)
            if found is None:
                return None
            taken.append(found[0])
            start = found.end()
    return start, taken
