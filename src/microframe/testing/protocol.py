"""Protocol: what an application may send, checked as strictly as any server does."""

from typing import Any, List, Tuple

from microframe.testing.failures import ProtocolError
from microframe.testing.waiting import Message

TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
BREAKS = (b"\r", b"\n", b"\0")


def kind_of(message: Message) -> str:
    """The type of a message."""
    try:
        kind = message["type"]
    except (TypeError, KeyError):
        raise ProtocolError(f"the application sent {message!r}, which is no message with a type") from None
    if not isinstance(kind, str):
        raise ProtocolError(f"the application sent a message whose type is {kind!r}")
    return kind


def read_head(message: Message) -> Tuple[int, List[Tuple[bytes, bytes]]]:
    """Status and headers of an answer."""
    status = message.get("status")
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise ProtocolError(
            f"the application sent the status {status!r}; it must be a number from 200 to 599"
        )
    return status, read_headers(message)


def read_headers(message: Message) -> List[Tuple[bytes, bytes]]:
    """The headers of a message: pairs of bytes, names in lower case, nothing that would break a line."""
    pairs: List[Tuple[bytes, bytes]] = []
    for pair in message.get("headers") or ():
        try:
            name, value = pair
        except (TypeError, ValueError):
            raise ProtocolError(f"the application sent the header {pair!r}, which is no pair") from None
        if not isinstance(name, bytes) or not isinstance(value, bytes):
            raise ProtocolError(f"the application sent the header {name!r}: {value!r}; both must be bytes")
        if not name or not TOKEN.issuperset(name):
            raise ProtocolError(
                f"the application sent the header name {name!r}; it must be a lower-case token"
            )
        if any(character in value for character in BREAKS):
            raise ProtocolError(f"the application sent a line break in the header {name!r}: {value!r}")
        pairs.append((name, value))
    return pairs


def read_bytes(message: Message, key: str = "body") -> bytes:
    """A piece of a body."""
    piece: Any = message.get(key, b"")
    if not isinstance(piece, bytes):
        raise ProtocolError(f"the application sent a {key} that is no bytes: {piece!r:.80}")
    return piece
