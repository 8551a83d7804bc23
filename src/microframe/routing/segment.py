"""Segment: what stands between two slashes, its grammar, and how one of several parts is taken apart."""

import re
from typing import Any, Callable, List, Mapping, NamedTuple, Optional, Pattern, Tuple, Union

from microframe.exceptions import SetupError
from microframe.routing.converters import Converter


class Parameter(NamedTuple):
    """`{name:kind}`."""

    name: str
    kind: str
    converter: Converter


Part = Union[str, Parameter]


class Segment(NamedTuple):
    """One text, one parameter, or texts and parameters in turn."""

    parts: Tuple[Part, ...]
    parameters: Tuple[Parameter, ...] = ()

    @property
    def literal(self) -> Optional[str]:
        """The text, where there is nothing else."""
        return None if self.parameters else str(self.parts[0])

    @property
    def spans(self) -> bool:
        """Whether it takes any number of segments."""
        return any(parameter.converter.spans for parameter in self.parameters)

    @property
    def shape(self) -> Tuple[Union[str, Converter], ...]:
        """The same for segments that match the same texts, whatever their parameters are called."""
        return tuple(part if isinstance(part, str) else part.converter for part in self.parts)

    @property
    def template(self) -> str:
        """The segment without converters: `{name}.{extension}`."""
        return "".join(part if isinstance(part, str) else "{" + part.name + "}" for part in self.parts)


def parse_segment(text: str, where: str, converters: Mapping[str, Converter]) -> Segment:
    """Take apart what stands between two slashes; `where` begins the message of a SetupError."""
    if "{" not in text and "}" not in text:
        return Segment((check_literal(text, where),))
    parts: List[Part] = []
    for piece in re.split(r"(\{[^{}]*\})", text):
        if piece.startswith("{") and piece.endswith("}"):
            parts.append(parse_parameter(piece[1:-1], where, converters))
        elif "{" in piece or "}" in piece:
            raise SetupError(f"{where}: a brace without its partner")
        elif piece:
            parts.append(check_literal(piece, where))
    segment = Segment(tuple(parts), tuple(part for part in parts if isinstance(part, Parameter)))
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


# Several parts
# -----------------------------------------------------------------------------------------------

Run = List[Union[str, "Pattern[str]"]]
"""Parts whose length follows from where they begin: texts, and parameters with a pattern."""


def build_splitter(segment: Segment) -> Callable[[str], Tuple[Any, ...]]:
    """Compile texts and parameters within one segment to a function from its text to the values.

    A parameter with a pattern takes all that the pattern matches. One without takes as much as it can, the
    first one first: `{name}.{extension}` splits at the last dot. What was taken is then parsed, and there is
    no second try: the work grows as the segment does. The function raises ValueError where nothing fits.
    """
    runs = build_runs(segment)
    parsers = [parameter.converter.parse for parameter in segment.parameters]

    def split(text: str) -> Tuple[Any, ...]:
        return tuple([parse(taken) for parse, taken in zip(parsers, take_apart(runs, text))])

    return split


def splits_into(segment: Segment, text: str, texts: List[str]) -> bool:
    """Whether this is what each parameter takes of a text."""
    try:
        return take_apart(build_runs(segment), text) == texts
    except ValueError:
        return False


def build_runs(segment: Segment) -> List[Run]:
    """The runs of a segment: one more than there are parameters without a pattern."""
    runs: List[Run] = [[]]
    for part in segment.parts:
        if isinstance(part, str):
            runs[-1].append(part)
        elif part.converter.pattern is None:
            runs.append([])
        else:
            runs[-1].append(re.compile(part.converter.pattern))
    return runs


def take_apart(runs: List[Run], text: str) -> List[str]:
    """What each parameter takes. Between two runs stands one without a pattern, which is never empty."""
    head = match_run(runs[0], text, 0)
    if head is None or (len(runs) == 1 and head[0] != len(text)):
        raise ValueError
    low, taken = head
    if len(runs) == 1:
        return taken
    after: List[str] = []
    stop = len(text)
    for run in reversed(runs[1:]):
        start, end, texts = find_run(run, text, (low + 1, stop), run is runs[-1])
        after[:0] = [*texts, text[end:stop]] if end < stop else texts
        stop = start
    return [*taken, text[low:stop], *after]


def find_run(run: Run, text: str, bounds: Tuple[int, int], last: bool) -> Tuple[int, int, List[str]]:
    """Where a run stands furthest to the right: its start, its end, what its parameters take.

    The last run reaches to the end of the text; one before it leaves something for the parameter that
    follows.
    """
    low, stop = bounds
    if not run:
        if low > stop:
            raise ValueError
        return stop, stop, []
    first = run[0]
    assert isinstance(first, str)  # parse_segment saw to it: after a parameter there is text
    start = text.rfind(first, low, stop)
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
            if found is None or found.end() == start:
                return None
            taken.append(found[0])
            start = found.end()
    return start, taken
