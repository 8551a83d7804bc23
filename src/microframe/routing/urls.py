"""Urls: from the name of a route and its parameters back to a path."""

from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from microframe.exceptions import MicroFrameException
from microframe.http.query import format_query
from microframe.http.url import quote_path
from microframe.routing.converters import Converter, format_text
from microframe.routing.path import PathPattern, parse_path
from microframe.routing.segment import Parameter, Segment, splits_into


class NoMatchFound(MicroFrameException, LookupError):
    """No route has this name."""


class WrongParameters(NoMatchFound):
    """A route of this name exists, but it takes other parameters or refuses a value."""


def build_path(pattern: PathPattern, params: Mapping[str, object], name: str = "") -> str:
    """The path that leads to a pattern: values formatted by their converters and percent-encoded.

    A slash in a value stays only where the parameter spans segments. What the matcher reads from the result
    are the same values.

    Raises:
        WrongParameters: one is missing or too many, or its converter refuses the value; the message names the
        route.
    """
    route = f"route {name!r} ({pattern})" if name else f"path {str(pattern)!r}"
    check_names(route, pattern.names, params)
    first, *others = [build_segment(segment, params, route) for segment in pattern.segments]
    # What begins with two slashes is a host to a browser; an encoded one is the same value to the matcher.
    if first.startswith("/"):
        first = "%2F" + first[1:]
    elif not first and others:
        raise WrongParameters(f"{route}: {pattern.names[0]} is empty, so a browser would read a host")
    return "/" + "/".join([first, *others])


def check_names(route: str, names: Sequence[str], params: Mapping[str, object]) -> None:
    """See that exactly these parameters are given."""
    missing = [name for name in names if name not in params]
    if missing:
        raise WrongParameters(f"{route} needs {', '.join(missing)}")
    unknown = [name for name in params if name not in names]
    if unknown:
        known = ", ".join(names) or "nothing"
        raise WrongParameters(f"{route} takes {known}, not {', '.join(unknown)}")


def build_segment(segment: Segment, params: Mapping[str, object], route: str) -> str:
    """One segment with its values in place."""
    if not segment.parameters:
        return quote_path(str(segment.literal))
    texts = [format_value(parameter, params[parameter.name], route) for parameter in segment.parameters]
    left = iter(texts)
    text = "".join([part if isinstance(part, str) else next(left) for part in segment.parts])
    quoted = quote_path(text)
    if segment.spans:
        check_dots(text.split("/"), route)
        return quoted
    check_dots([text], route)
    if len(segment.parts) > 1 and not splits_into(segment, text, texts):
        raise WrongParameters(f"{route}: {text!r} would not be read back as {', '.join(texts)}")
    return quoted.replace("/", "%2F")


def check_dots(texts: Sequence[str], route: str) -> None:
    """See that a path means what it says (RFC 3986 §5.2.4); percent-encoded dots would be the same."""
    if "." in texts or ".." in texts:
        raise WrongParameters(
            f"{route}: clients resolve `.` and `..` before they ask, so no value can be one"
        )


def format_value(parameter: Parameter, value: object, route: str) -> str:
    """The text of one value: one that would be parsed again."""
    converter = parameter.converter
    try:
        text = converter.format(value)
        if not text and not converter.spans:
            raise ValueError("it is empty")
        text.encode()  # half a surrogate pair has no place in a URL
        converter.parse(text)
    except (ValueError, TypeError) as exc:
        why = f" ({exc})" if str(exc) else ""
        raise WrongParameters(f"{route}: {parameter.name}={value!r} is no {parameter.kind}{why}") from exc
    return text


def build_query(values: Mapping[str, object]) -> str:
    """A query, without `?`: a list or tuple gives its name several times, None not at all.

    Raises:
        WrongParameters: a value has no text.
    """
    pairs: List[Tuple[str, str]] = []
    for name, value in values.items():
        several = value if isinstance(value, (list, tuple)) else (value,)
        try:
            texts = [format_text(one) for one in several if one is not None]
            name.join(texts).encode()  # half a surrogate pair has no place in a URL
        except ValueError as exc:
            raise WrongParameters(f"query {name}={value!r}: {exc}") from exc
        pairs.extend((name, text) for text in texts)
    return format_query(pairs)


class RouteNames:
    """The names of routes, and where they lead.

    A name that several routes share means the first one declared that takes the parameters given. Names
    within a mount are written `mount:name`; a mount without a name lends its names to what is around it.
    """

    def __init__(self) -> None:
        self._routes: Dict[str, List[PathPattern]] = {}
        self._mounts: List[Tuple[str, PathPattern, Optional[RouteNames]]] = []

    def add(self, name: str, pattern: PathPattern) -> None:
        self._routes.setdefault(name, []).append(pattern)

    def mount(self, name: str, pattern: PathPattern, inner: Optional["RouteNames"] = None) -> None:
        """Make a mount's name known, and the names within it; `inner` may still grow.

        The mount's own name takes the parameter `path`, what is asked of it: `("static", path="site.css")`.
        """
        self._mounts.append((name, pattern, inner))

    def path_for(
        self, name: str, params: Mapping[str, object], query: Optional[Mapping[str, object]] = None
    ) -> str:
        """The path of a route, percent-encoded, with a query if there is one.

        Raises:
            NoMatchFound: no route has this name.
            WrongParameters: those that have it take other parameters, or refuse a value.
        """
        patterns = list(self.find(name))
        if not patterns:
            from difflib import get_close_matches  # seldom wanted, and on the way out

            near = get_close_matches(name, set(self), n=3)
            hint = f"; there is {', '.join(near)}" if near else ""
            raise NoMatchFound(f"no route is called {name!r}{hint}")
        fitting = (pattern for pattern in patterns if set(pattern.names) == set(params))
        path = build_path(next(fitting, patterns[0]), params, name)
        written = build_query(query) if query else ""
        return f"{path}?{written}" if written else path

    def find(self, name: str) -> Iterator[PathPattern]:
        """The patterns of a name, in the order they were declared."""
        yield from self._routes.get(name, ())
        for mount, prefix, inner in self._mounts:
            if mount and name == mount:
                yield join(prefix, BELOW)
            if inner is not None and name.startswith(f"{mount}:" if mount else ""):
                for pattern in inner.find(name[len(mount) + 1 :] if mount else name):
                    yield join(prefix, pattern)

    def __iter__(self) -> Iterator[str]:
        """Every name that leads somewhere."""
        yield from self._routes
        for mount, _, inner in self._mounts:
            if mount:
                yield mount
            for name in inner or ():
                yield f"{mount}:{name}" if mount else name


BELOW = parse_path(
    "/{path:path}", {"path": Converter(str, lambda path: format_text(path).lstrip("/"), spans=True)}
)
"""What is asked of a mount; a slash in front of it means nothing."""


def join(prefix: PathPattern, pattern: PathPattern) -> PathPattern:
    """The path of a mount and a path within it as one. A parameter that both have gets one value."""
    before = prefix.segments[:-1] if prefix.segments[-1].literal == "" else prefix.segments
    text = prefix.text.rstrip("/") + pattern.text
    return PathPattern(text, before + pattern.segments, prefix.names + pattern.names)
