"""Query parameters: the pairs of a query or an urlencoded body, read and written."""

from typing import (
    Dict,
    ItemsView,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Tuple,
    TypeVar,
    Union,
    ValuesView,
    overload,
)
from urllib.parse import quote_plus, unquote_to_bytes

from microframe.exceptions import BadRequestException

T = TypeVar("T")

MAX_QUERY_PARAMETERS = 1000

HEX = "0123456789abcdefABCDEF"
BYTES = {f"{high}{low}".encode(): bytes.fromhex(f"{high}{low}") for high in HEX for low in HEX}


class TooManyQueryParametersException(BadRequestException):
    """The query has more than {limit} parameters."""


def parse_query(query: bytes, limit: int = MAX_QUERY_PARAMETERS) -> List[Tuple[str, str]]:
    """The pairs of a query or an urlencoded body: only `&` separates, `+` is a space, blank values stay.

    What is not UTF-8 becomes U+FFFD; an escape that is none stays as it is written.

    Raises:
        TooManyQueryParametersException: there are more than `limit` of them.
    """
    if not query:
        return []
    text = query.decode("utf-8", "replace")
    if text.count("&") >= limit:
        raise TooManyQueryParametersException(limit=limit)
    if "%" not in text:
        text = text.replace("+", " ")
    elif "%26" in text or "%3" in text:  # `&`, or perhaps `=`: the pieces must be told apart first
        return _parse_escaped(query)
    else:
        text = unescape(query.replace(b"+", b" "))
    pairs = []
    for piece in text.split("&"):
        if piece:
            name, _, value = piece.partition("=")
            pairs.append((name, value))
    return pairs


def _parse_escaped(query: bytes) -> List[Tuple[str, str]]:
    # Bytes until the end: a character may stand there half as it is, half escaped.
    pairs = []
    for piece in query.replace(b"+", b" ").split(b"&"):
        if piece:
            name, _, value = piece.partition(b"=")
            pairs.append((unescape(name), unescape(value)))
    return pairs


def unescape(raw: bytes) -> str:
    """Percent-decoded text."""
    head, *pieces = raw.split(b"%")
    try:
        head += b"".join([BYTES[piece[:2]] + piece[2:] for piece in pieces])
    except KeyError:  # an escape that is none
        head = unquote_to_bytes(raw)
    return head.decode("utf-8", "replace")


def format_query(pairs: Iterable[Tuple[str, str]]) -> str:
    """The text that `parse_query` reads back into these pairs."""
    return "&".join([f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs])


class QueryParams(Mapping[str, str]):
    """The query's parameters, parsed on first use: the last of a repeated one is read, `getlist` has all."""

    __slots__ = ("_last", "_limit", "_pairs", "_query")

    def __init__(self, query: bytes = b"", limit: int = MAX_QUERY_PARAMETERS) -> None:
        self._query = query
        self._limit = limit
        self._pairs: Optional[List[Tuple[str, str]]] = None
        self._last: Optional[Dict[str, str]] = None

    @classmethod
    def of(cls, values: Union[Mapping[str, str], Iterable[Tuple[str, str]]]) -> "QueryParams":
        """Parameters from a mapping or from pairs."""
        made = cls()
        made._pairs = list(values.items() if isinstance(values, Mapping) else values)
        return made

    def multi_items(self) -> List[Tuple[str, str]]:
        """Every pair in the order of the query. Not to be changed."""
        if self._pairs is None:
            self._pairs = parse_query(self._query, self._limit)
        return self._pairs

    def _values(self) -> Dict[str, str]:
        if self._last is None:
            self._last = dict(self.multi_items())
        return self._last

    @overload
    def get(self, name: str, /) -> Optional[str]: ...
    @overload
    def get(self, name: str, /, default: Union[str, T]) -> Union[str, T]: ...
    def get(self, name: str, /, default: object = None) -> object:
        return (self._last or self._values()).get(name, default)

    def getlist(self, name: str) -> List[str]:
        """Every value of a parameter, in the order of the query."""
        return [value for key, value in self.multi_items() if key == name]

    def __getitem__(self, name: str) -> str:
        return self._values()[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values()

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def items(self) -> ItemsView[str, str]:
        return self._values().items()

    def values(self) -> ValuesView[str]:
        return self._values().values()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, QueryParams):
            return sorted(self.multi_items()) == sorted(other.multi_items())
        return super().__eq__(other)

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.multi_items())))

    def __str__(self) -> str:
        return format_query(self.multi_items())

    def __repr__(self) -> str:
        return f"QueryParams({str(self)!r})"
