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
from microframe.routing.steps import ANY, END, Step
from microframe.routing.tree import Claim, Node, build_params, claim_method, compile_node, descend, precedence

Payload = TypeVar("Payload")
Describe = Callable[[Payload], str]

Match = Tuple[Payload, Dict[str, Any], Optional[str]]
"""Payload, parameters, and what a mount leaves of the path (nothing, or a slash and more); else None."""


@dataclass(frozen=True)
class Entry(Generic[Payload]):
    """One thing to be found, where it is, and for which methods.

    `implied` methods (HEAD where there is GET) are answered too, unless an entry of the same shape has them
    in its `methods`. A `mount` answers its own path and every path below, for every method; a slash at the
    end of its pattern means nothing.
    """

    pattern: PathPattern
    payload: Payload
    methods: AbstractSet[str] = frozenset({ANY})
    implied: AbstractSet[str] = frozenset()
    host: Optional[HostPattern] = None
    mount: bool = False


class Matcher(Generic[Payload]):
    """Finds the most specific entry that has the method; the order of declaration means nothing.

    Segment by segment from the left: text, parameter with a converter, plain parameter, one that spans
    segments, mount. What leads to no entry with the method is left again, and the next one tried.
    """

    __slots__ = ("methods", "static", "step")

    def __init__(self, static: Dict[str, Dict[str, Payload]], step: Step, methods: AbstractSet[str]) -> None:
        self.static = static
        """Paths without parameters: path to method to payload. What is found here is what `match` would find;
        what is not found is for `match` to decide."""
        self.step = step
        self.methods = methods

    def match(
        self, method: str, path: str, escaped: bool = False, host: str = ""
    ) -> Optional[Match[Payload]]:
        """Find what answers a request, or None.

        `path` and `escaped` are the connection's: decoded once, with `%2F` and `%25` left in it when
        `escaped`. `host` is the name alone, without port.
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
        found = self.step(parts, 1, method)
        if found is None or found[2] is None:
            return found
        return found[0], found[1], rest_of(path, found[2])

    def allowed(self, path: str, escaped: bool = False, host: str = "") -> Set[str]:
        """The methods that find something at this path; asked after a miss, to tell a 405 from a 404."""
        return {method for method in self.methods if self.match(method, path, escaped, host) is not None}


def rest_of(path: str, taken: int) -> str:
    """What is left of a path after a number of parts, beginning with the slash before it."""
    parts = path.split("/", taken)
    return "/" + parts[taken] if len(parts) > taken else ""


class HostMatcher(Matcher[Payload]):
    """A matcher where entries ask for a host: those whose host fits, the most specific first, then the
    others.

    `static` is empty, because no path means the same at every host.
    """

    __slots__ = ("everywhere", "exact", "patterns")

    def __init__(
        self,
        everywhere: Matcher[Payload],
        exact: Dict[str, Matcher[Payload]],
        patterns: Sequence[Tuple[Step, Matcher[Payload]]],
    ) -> None:
        self.everywhere = everywhere
        self.exact = exact
        self.patterns = patterns
        every = [everywhere, *exact.values(), *[matcher for _, matcher in patterns]]
        super().__init__({}, everywhere.step, frozenset().union(*[matcher.methods for matcher in every]))

    def match(
        self, method: str, path: str, escaped: bool = False, host: str = ""
    ) -> Optional[Match[Payload]]:
        name = host.lower()
        exact = self.exact.get(name)
        found = exact.match(method, path, escaped) if exact is not None else None
        if found is not None:
            return found
        for step, matcher in self.patterns:
            fits = step(["", *name.split("."), END], 1, ANY)
            found = matcher.match(method, path, escaped) if fits is not None else None
            if fits is not None and found is not None:
                return found[0], {**fits[1], **found[1]}, found[2]
        return self.everywhere.match(method, path, escaped)


# Building
# ----------------------------------------------------------------------------------------------------


class Site(Generic[Payload]):
    """What is found at one host, or at none in particular, while the matcher is being built."""

    def __init__(self, host: Optional[HostPattern], describe: Describe[Payload]) -> None:
        self.host = host
        self.describe = describe
        self.root = Node()
        self.static: Dict[str, Dict[str, Claim]] = {}
        self.methods: Set[str] = set()

    def add(self, entry: Entry[Payload]) -> None:
        """Put an entry where it belongs.

        Raises:
            SetupError: another one answers the same requests, or the entry does not fit its host.
        """
        if entry.mount:
            self.add_mount(entry)
            return
        pattern = entry.pattern
        # An escaped path means a slash by its %2F: a text that contains one is left to the tree, which knows.
        if not pattern.names and "%2F" not in pattern.text:
            table = self.static.setdefault(pattern.text, {})
            params = build_params(())
        else:
            node, slots = descend(self.root, pattern.segments)
            table = node.table
            params = build_params(slots)
        claim = Claim(entry.payload, params)
        for method in entry.methods:
            claim_method(table, method, claim, self.describe)
        if entry.implied:
            claim = Claim(entry.payload, params, implied=True)
            for method in entry.implied:
                claim_method(table, method, claim, self.describe)
        self.methods.update(entry.methods, entry.implied)

    def add_mount(self, entry: Entry[Payload]) -> None:
        """Put a mount at the end of its path, its last slash aside."""
        segments = entry.pattern.segments
        who = self.describe(entry.payload)
        if any(segment.spans for segment in segments):
            raise SetupError(f"{who}: a parameter of a mount's path cannot span segments")
        node, slots = descend(self.root, segments[:-1] if segments[-1].literal == "" else segments)
        if node.mount is not None:
            raise SetupError(f"two equal mounts: {self.describe(node.mount.payload)} and {who}")
        node.mount = Claim(entry.payload, build_params(slots))

    def build(self) -> Matcher[Payload]:
        static: Dict[str, Dict[str, Payload]] = {
            path: {method: claim.payload for method, claim in table.items()}
            for path, table in self.static.items()
        }
        return Matcher(static, compile_node(self.root), self.methods - {ANY})


def build_matcher(entries: Iterable[Entry[Payload]], describe: Describe[Payload] = str) -> Matcher[Payload]:
    """Put entries together. `describe` names a payload where two of them clash.

    Raises:
        SetupError: two entries answer the same requests, whatever their parameters are called; or the names
        of
            parameters clash between a host and a path, or differ between two equal hosts.
    """
    everywhere = Site(None, describe)
    sites: Dict[Tuple[object, ...], Site[Payload]] = {}
    for entry in entries:
        if entry.host is None:
            everywhere.add(entry)
            continue
        site = sites.setdefault(entry.host.shape, Site(entry.host, describe))
        check_names(entry, entry.host, site)
        site.add(entry)
    return build_host_matcher(everywhere, sites.values()) if sites else everywhere.build()


def check_names(entry: Entry[Payload], host: HostPattern, site: Site[Payload]) -> None:
    """See that host and path share no parameter, and that equal hosts call theirs alike."""
    shared = sorted(set(host.names).intersection(entry.pattern.names))
    if shared:
        raise SetupError(f"{site.describe(entry.payload)}: its host and its path both have {shared[0]!r}")
    if site.host is not None and site.host.names != host.names:
        who = site.describe(entry.payload)
        raise SetupError(f"{who}: hosts {site.host} and {host} are equal, so call their parameters alike")


def build_host_matcher(everywhere: Site[Payload], sites: Iterable[Site[Payload]]) -> HostMatcher[Payload]:
    """Sort the hosts: names as they are into a table, names with parameters into an order."""
    exact: Dict[str, Matcher[Payload]] = {}
    patterns: List[Tuple[List[Any], Step, Matcher[Payload]]] = []
    for site in sites:
        assert site.host is not None
        if not site.host.names:
            exact[site.host.text.lower()] = site.build()
            continue
        root = Node()
        node, slots = descend(root, site.host.segments)
        node.table[ANY] = Claim(site.host, build_params(slots))
        order = [(bool(segment.parameters), *precedence(segment)) for segment in site.host.segments]
        patterns.append((order, compile_node(root), site.build()))
    patterns.sort(key=lambda pattern: pattern[0])
    return HostMatcher(everywhere.build(), exact, [(step, matcher) for _, step, matcher in patterns])
