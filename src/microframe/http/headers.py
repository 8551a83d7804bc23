"""Headers: the names and values of a message's head, as bytes on the wire and as text to read and to set."""

from typing import (
    ClassVar,
    Dict,
    FrozenSet,
    ItemsView,
    Iterable,
    Iterator,
    List,
    Mapping,
    MutableMapping,
    Optional,
    Tuple,
    Type,
    TypeVar,
    Union,
    ValuesView,
    overload,
)

from microframe.http.query import QueryParams as QueryParams
from microframe.http.query import parse_query as parse_query

T = TypeVar("T")
Self = TypeVar("Self", bound="Headers")

RawHeaders = List[Tuple[bytes, bytes]]
"""Pairs of name (lower-case) and value, in the order of the message."""

Pairs = Union[Mapping[str, str], Iterable[Tuple[str, str]]]

SECRETS: FrozenSet[bytes] = frozenset(
    [b"authorization", b"cookie", b"proxy-authorization", b"set-cookie", b"x-api-key"]
)
"""Headers whose values are never shown: in a repr, a log, a debug page."""

TOKEN = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""The characters of a token (RFC 9110 §5.6.2)."""

CONTROLS = bytes(code for code in (*range(32), 127) if code != 9)
"""What no field value may contain (RFC 9110 §5.5); a tab is not among them."""


def find(raw: RawHeaders, name: bytes) -> Optional[bytes]:
    """The first value of a header, by its lower-case name."""
    for key, value in raw:
        if key == name:
            return value
    return None


def check_header(name: str, value: str) -> Tuple[bytes, bytes]:
    """One header as it goes on the wire: name lower-case, value without the white space around it.

    Raises:
        ValueError: the name is no token (RFC 9110 §5.6.2), or the value not latin-1 without controls.
    """
    try:
        key = name.encode("ascii").lower()
        text = value.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"the header {name!r} has characters that no header can carry") from None
    if not key or key.translate(None, TOKEN):
        raise ValueError(f"{name!r} cannot be the name of a header")
    # `isprintable` is the quick answer; it says no to the harmless ones above 127 too.
    if not value.isprintable() and len(text.translate(None, CONTROLS)) != len(text):
        raise ValueError(f"the value of the header {name!r} has control characters in it")
    return key, text.strip(b" \t")


class Headers(Mapping[str, str]):
    """A message's headers: names match in any case, and the first value of a repeated one is read.

    It is a view on `raw`, which is not copied. `X_Real_Ip` and `x-real-ip` are two different names.
    """

    __slots__ = ("raw",)

    def __init__(self, raw: Optional[RawHeaders] = None) -> None:
        self.raw: RawHeaders = [] if raw is None else raw

    @classmethod
    def of(cls: Type[Self], values: Pairs) -> Self:
        """Headers from a mapping or from pairs, checked as `check_header` does."""
        pairs = values.items() if isinstance(values, Mapping) else values
        return cls([check_header(name, value) for name, value in pairs])

    @overload
    def get(self, name: str, /) -> Optional[str]: ...
    @overload
    def get(self, name: str, /, default: Union[str, T]) -> Union[str, T]: ...
    def get(self, name: str, /, default: object = None) -> object:
        key = name.encode("utf-8", "surrogatepass").lower()
        for found, value in self.raw:
            if found == key:
                return value.decode("latin-1")
        return default

    def getlist(self, name: str) -> List[str]:
        """Every value of a header, in the order of the message."""
        key = name.encode("utf-8", "surrogatepass").lower()
        return [value.decode("latin-1") for found, value in self.raw if found == key]

    def multi_items(self) -> List[Tuple[str, str]]:
        """Every header, repeated ones as often as they stand there."""
        return [(key.decode("latin-1"), value.decode("latin-1")) for key, value in self.raw]

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return (
            isinstance(name, str)
            and find(self.raw, name.encode("utf-8", "surrogatepass").lower()) is not None
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._first_values())

    def __len__(self) -> int:
        return len({key for key, _ in self.raw})

    def items(self) -> ItemsView[str, str]:
        return self._first_values().items()

    def values(self) -> ValuesView[str]:
        return self._first_values().values()

    def _first_values(self) -> Dict[str, str]:
        found: Dict[str, str] = {}
        for key, value in self.raw:
            found.setdefault(key.decode("latin-1"), value.decode("latin-1"))
        return found

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Headers):
            return sorted(self.raw) == sorted(other.raw)
        return super().__eq__(other)

    __hash__: ClassVar[None]  # type: ignore[assignment]  # they change

    def __repr__(self) -> str:
        shown = [
            f"{key.decode('latin-1')!r}: {'[hidden]' if key in SECRETS else repr(value.decode('latin-1'))}"
            for key, value in self.raw
        ]
        return f"{type(self).__name__}({{{', '.join(shown)}}})"


class MutableHeaders(Headers, MutableMapping[str, str]):
    """The headers of an answer being made; what no header can carry is refused when it is set."""

    __slots__ = ()

    def __setitem__(self, name: str, value: str) -> None:
        pair = check_header(name, value)
        if find(self.raw, pair[0]) is None:
            self.raw.append(pair)
        else:
            self._replace(pair)

    def _replace(self, pair: Tuple[bytes, bytes]) -> None:
        # The new value stands where the first of the old ones stood.
        at = next(index for index, (key, _) in enumerate(self.raw) if key == pair[0])
        self.raw[at:] = [pair, *(old for old in self.raw[at + 1 :] if old[0] != pair[0])]

    def __delitem__(self, name: str) -> None:
        """Remove every value of a header; one that is not there is removed already."""
        key = name.encode("utf-8", "surrogatepass").lower()
        self.raw[:] = [pair for pair in self.raw if pair[0] != key]

    def append(self, name: str, value: str) -> None:
        """Add a header beside those of the same name."""
        self.raw.append(check_header(name, value))

    def setdefault(self, name: str, default: str = "") -> str:
        """The header's value; set to `default` first if there is none."""
        value = self.get(name)
        if value is None:
            self.append(name, default)
            return default
        return value

    def add_vary(self, *names: str) -> None:
        """Say that the answer depends on these request headers (RFC 9110 §12.5.5); `*` stands for all."""
        present = [name.strip() for line in self.getlist("vary") for name in line.split(",") if name.strip()]
        known = {name.lower() for name in present}
        for name in names:
            if name.lower() not in known:
                known.add(name.lower())
                present.append(name)
        if present:
            self["vary"] = "*" if "*" in known else ", ".join(present)
