"""Matcher: (method, path) to the payload that answers it. A tree of path segments, built once."""

from dataclasses import dataclass
from typing import (
    AbstractSet,
    Any,
    Callable,
    Dict,
    Generic,
    Iterable,
    List,
    Optional,
    Sequence,
    Set,
    Tuple,
    TypeVar,
)

from microframe.exceptions import SetupError
from microframe.routing.path import HostPattern, PathPattern
from microframe.routing.tree import (
    ANY,
    END,
    Claim,
    Node,
    Step,
    build_params,
    compile_node,
    descend,
    precedence,
)

Payload = TypeVar("Payload")

Match = Tuple[Payload, Dict[str, Any], Optional[str]]
"""Payload, parameters, and what a mount leaves of the path: `""`, or text that begins with a slash; else None."""


@dataclass(frozen=True)
class Entry(Generic[Payload]):
    """One thing to be found, where it is, and for which methods.

    `implied` methods (HEAD where there is GET) are answered too, unless an entry of the same shape has them in
    `methods`. A `mount` answers its own path and every path below, for every method; a slash at the end of its pattern
    means nothing.
    """

    pattern: PathPattern
    payload: Payload
    methods: AbstractSet[str] = frozenset({ANY})
    implied: AbstractSet[str] = frozenset()
    host: Optional[HostPattern] = None
    mount: bool = False


class Matcher(Generic[Payload]):
    """Finds the most specific entry that has the method.

    Segment by segment from the left: text, parameter with a converter, plain parameter, one that spans segments,
    mount. What does not lead to an entry with the method is left again for the next. The order of declaration means
    nothing.
    """

    __slots__ = ("_methods", "_step", "static")

    def __init__(self, static: Dict[str, Dict[str, Payload]], step: Step, methods: Iterable[str]) -> None:
        self.static = static
        """Paths without parameters: path to method to payload. A hit here is final; a miss is `match`'s to decide."""
        self._step = step
        self._methods = frozenset(methods) - {ANY}

    def match(
        self, method: str, path: str, escaped: bool = False, host: str = ""
    ) -> Optional[Match[Payload]]:
        """Find what answers a request, or None.

        `path` and `escaped` are the connection's: decoded once, `%2F` and `%25` left as they are when `escaped`.
        `host` is the name alone, without port.
        """
        table = self.static.get(path)
        if table is not None:
            payload = table.get(method)
            if payload is None:
                payload = table.get(ANY)
            if payload is not None:
                return payload, {}, None
        parts: List[Any] = path.split("/")
        if parts[0]:
            return None
        if escaped:
            # Segments first, their text afterwards: a slash that was encoded never splits.
            parts = [part.replace("%2F", "/").replace("%25", "%") for part in parts]
        parts.append(END)
        found = self._step(parts, 1, method)
        if found is None or found[2] is None:
            return found
        return found[0], found[1], rest_of(path, found[2])

    def allowed(self, path: str, escaped: bool = False, host: str = "") -> Set[str]:
        """The methods that would find something at this path; asked after a miss, to tell 405 from 404."""
        return {method for method in self._methods if self.match(method, path, escaped, host) is not None}


def rest_of(path: str, taken: int) -> str:
    """What is left of a path after a number of parts, beginning with the slash before it."""
    parts = path.split("/", taken)
    return "/" + parts[taken] if len(parts) > taken else ""


class HostMatcher(Matcher[Payload]):
    """A matcher for entries that ask for a host: those whose host fits, the most specific first, then all others.

    `static` is empty, because no path has one meaning.
    """

    __slots__ = ("_everywhere", "_exact", "_patterns")

    def __init__(
        self,
        everywhere: Matcher[Payload],
        exact: Dict[str, Matcher[Payload]],
        patterns: Sequence[Tuple[Step, Matcher[Payload]]],
    ) -> None:
        matchers = [everywhere, *exact.values(), *(matcher for _, matcher in patterns)]
        super().__init__({}, everywhere._step, frozenset().union(*(matcher._methods for matcher in matchers)))
        self._everywhere = everywhere
        self._exact = exact
        self._patterns = tuple(patterns)

    def match(
        self, method: str, path: str, escaped: bool = False, host: str = ""
    ) -> Optional[Match[Payload]]:
        name = host.lower()
        exact = self._exact.get(name)
        if exact is not None:
            found = exact.match(method, path, escaped)
            if found is not None:
                return found
        for step, matcher in self._patterns:
            asked = step(["", *name.split("."), END], 1, ANY)
            found = None if asked is None else matcher.match(method, path, escaped)
            if asked is not None and found is not None:
                return found[0], {**asked[1], **found[1]}, found[2]
        return self._everywhere.match(method, path, escaped)


# Building ------------------------------------------------------------------------------------------------------------


class Site:
    """Everything that is found at one host, or at none in particular, while the matcher is being built."""

    def __init__(self, host: Optional[HostPattern]) -> None:
        self.host = host
        self.root = Node()
        self.static: Dict[str, Dict[str, Claim]] = {}
        self.methods: Set[str] = set()

    def add(self, entry: Entry[Payload], describe: Callable[[Payload], str]) -> None:
        """Put an entry where it belongs.

        Raises:
            SetupError: another entry answers the same requests, or the pattern cannot be mounted.
        """
        if entry.mount:
            self.add_mount(entry, describe)
            return
        pattern = entry.pattern
        # In an escaped path the text %2F means a slash, so a static path that contains it is left to the tree.
        if pattern.is_static and "%2F" not in pattern.text:
            table = self.static.setdefault(pattern.text, {})
            params = build_params(())
        else:
            node, slots = descend(self.root, pattern.segments)
            table = node.table
            params = build_params(slots)
        for methods, implied in ((entry.methods, False), (entry.implied, True)):
            claim = Claim(entry.payload, params, implied)
            for method in methods:
                put(table, method, claim, f"{method} {pattern}", describe)
                self.methods.add(method)

    def add_mount(self, entry: Entry[Payload], describe: Callable[[Payload], str]) -> None:
        segments = entry.pattern.segments
        if any(segment.spans for segment in segments):
            raise SetupError(f"{describe(entry.payload)}: a mount's path cannot span segments by a parameter")
        node, slots = descend(self.root, segments[:-1] if segments[-1].literal == "" else segments)
        if node.mount is not None:
            raise SetupError(
                equal(f"mount {entry.pattern}", describe(node.mount.payload), describe(entry.payload))
            )
        node.mount = Claim(entry.payload, build_params(slots))

    def build(self) -> Matcher[Any]:
        static = {
            path: {method: claim.payload for method, claim in table.items()}
            for path, table in self.static.items()
        }
        return Matcher(static, compile_node(self.root), self.methods)


def put(
    table: Dict[str, Claim], method: str, claim: Claim, what: str, describe: Callable[[Any], str]
) -> None:
    """Let a claim stand in a table, unless another one stands there that does not give way."""
    standing = table.get(method)
    if standing is None or (standing.implied and not claim.implied):
        table[method] = claim
    elif not claim.implied:
        raise SetupError(equal(what, describe(standing.payload), describe(claim.payload)))


def equal(what: str, one: str, other: str) -> str:
    return f"two equal routes, {what}: {one} and {other}"


def build_matcher(
    entries: Iterable[Entry[Payload]], describe: Callable[[Payload], str] = str
) -> Matcher[Payload]:
    """Put entries together. `describe` names a payload in an error.

    Raises:
        SetupError: two entries answer the same requests, whatever their parameters are called; or the parameters of
            a host and a path, or of two equal hosts, do not go together.
    """
    everywhere = Site(None)
    sites: Dict[object, Site] = {}
    for entry in entries:
        if entry.host is None:
            everywhere.add(entry, describe)
            continue
        shape = tuple(segment.shape for segment in entry.host.segments)
        site = sites.setdefault(shape, Site(entry.host))
        check_host(entry, entry.host, site, describe)
        site.add(entry, describe)
    if not sites:
        return everywhere.build()
    return build_host_matcher(everywhere, sites.values())


def check_host(
    entry: Entry[Payload], host: HostPattern, site: Site, describe: Callable[[Payload], str]
) -> None:
    """See that the parameters of host and path have names of their own, and equal hosts the same ones."""
    twice = set(host.names) & set(entry.pattern.names)
    if twice:
        raise SetupError(f"{describe(entry.payload)}: host and path both have a parameter {twice.pop()!r}")
    if site.host is not None and site.host.names != host.names:
        raise SetupError(
            f"{describe(entry.payload)}: hosts {site.host} and {host} are equal; call their parameters alike"
        )


def build_host_matcher(everywhere: Site, sites: Iterable[Site]) -> HostMatcher[Any]:
    exact: Dict[str, Matcher[Any]] = {}
    patterns: List[Tuple[List[Any], Step, Matcher[Any]]] = []
    for site in sites:
        assert site.host is not None
        matcher = site.build()
        if not site.host.names:
            exact[site.host.text.lower()] = matcher
            continue
        root = Node()
        node, slots = descend(root, site.host.segments)
        node.table[ANY] = Claim(site.host, build_params(slots))
        order = [precedence(segment) for segment in site.host.segments]
        patterns.append((order, compile_node(root), matcher))
    patterns.sort(key=lambda found: found[0])
    return HostMatcher(everywhere.build(), exact, [(step, matcher) for _, step, matcher in patterns])
