"""Keys: names under which things are kept, which no two different things share."""

from hashlib import blake2b
from typing import Iterable, List, Optional, Sequence

from microframe.http.headers import RawHeaders, find
from microframe.http.request import Request

MOST_PREFIXES = 16
"""How many of a path's beginnings an answer is known by."""


def joined(parts: Iterable[Optional[bytes]]) -> bytes:
    """Parts as one text that says where each ends, so that no other parts give the same; None is not empty text."""
    return b"".join([b"-" if part is None else b"%d:%b" % (len(part), part) for part in parts])


def digest(*parts: Optional[bytes]) -> str:
    """A short name for these parts, and for none but these."""
    return blake2b(joined(parts), digest_size=24).hexdigest()


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def request_key(request: Request, route: bytes, names: Sequence[bytes]) -> str:
    """What names the answers to a request: where it goes, and what it says in the headers they depend on.

    `route` tells apart what the same address means to different routes.
    """
    values: List[Optional[bytes]] = []
    for name in names:
        values += [name, header_value(request.raw_headers, name)]
    return digest(
        b"GET",
        route,
        as_bytes(request.scheme),
        (find(request.raw_headers, b"host") or b"").lower(),
        as_bytes(request.root_path),
        as_bytes(request.api_version),
        b"escaped" if request.escaped else b"",
        as_bytes(request.path),
        request.query_string,
        *values,
    )


def header_value(headers: RawHeaders, name: bytes) -> Optional[bytes]:
    """All that is said under a name; None where it is not there, which is not the same as empty (RFC 9111 §4.1)."""
    said = [value.strip(b" \t") for key, value in headers if key == name]
    return b", ".join(said) if said else None


def tag_of(kind: str, text: str) -> str:
    """The tag of everything that has to do with a text."""
    return digest(kind.encode(), as_bytes(text))


def path_tags(path: str) -> List[str]:
    """By what all that is kept for a path is forgotten: the path itself, and what it is below."""
    prefixes, at = ["/"], 0
    while len(prefixes) < MOST_PREFIXES:
        at = path.find("/", at + 1)
        if at < 0:
            break
        prefixes.append(path[:at])
    if path != prefixes[-1] and len(prefixes) < MOST_PREFIXES:
        prefixes.append(path)
    return [tag_of("path", path), *(tag_of("below", prefix.rstrip("/")) for prefix in prefixes)]
