"""URLs as data: taken apart, built from a request's parts, changed; and checks on what comes from outside."""

from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import Dict, Iterable, Optional, Tuple, Type, Union
from urllib.parse import quote, unquote

from microframe.http.query import format_query, parse_query

UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
PATH_SAFE = "/:@!$&'()*+,;=-._~"
PATH = UNRESERVED + PATH_SAFE.encode()
QUERY_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"#<>')
QUERY = QUERY_SAFE.encode()
SCHEME = UNRESERVED.replace(b"_", b"").replace(b"~", b"") + b"+"
URL_SAFE = "%/?#[]:@!$&'()*+,;=-._~"
SUB_DELIMITERS = "!$&'()*+,;="
USERINFO = UNRESERVED + b"!$&'()*+,;=%:"

MAX_HOST = 255
MAX_PORT = 65535
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


# Host -------------------------------------------------------------------------------------------------------


def parse_host(value: str) -> Optional[Tuple[str, Optional[int]]]:
    """A Host header's (host, port), or None when it is malformed (RFC 9110 §7.2).

    The host is lower-case; an IPv6 address is in its shortest form, in brackets. Stricter than RFC 3986 in
    one thing: a name has letters, digits and `-._~` only, no escapes or sub-delimiters; no real one has them.
    """
    # The length is checked out here, so the cache never keeps a long key that somebody sent.
    if len(value) > MAX_HOST + 6:
        return None
    return _parse_host(value)


@lru_cache(maxsize=256)
def _parse_host(value: str) -> Optional[Tuple[str, Optional[int]]]:
    if not value.isascii():
        return None
    if value[:1] == "[":
        address, bracket, rest = value[1:].partition("]")
        host = _canonical_ipv6(address) if bracket else None
    else:
        name, colon, port_text = value.partition(":")
        host, rest = _canonical_name(name), colon + port_text
    port = _parse_port(rest)
    if host is None or port == -1 or len(host) > MAX_HOST:
        return None
    return host, port


def _canonical_name(name: str) -> Optional[str]:
    # A dot at the end is the root of the DNS; an empty label elsewhere is nothing.
    if not name or name[0] == "." or ".." in name or name.encode("ascii").translate(None, UNRESERVED):
        return None
    return name.lower()


def _canonical_ipv6(address: str) -> Optional[str]:
    if "%" in address:  # a zone means something on one machine only
        return None
    try:
        return f"[{IPv6Address(address).compressed}]"
    except AddressValueError:
        return None


def _parse_port(rest: str) -> Optional[int]:
    """`:80` to 80, nothing or `:` to None, anything else to -1."""
    if rest in {"", ":"}:
        return None
    digits = rest[1:]
    if rest[0] != ":" or not digits.isdigit() or len(digits) > 5 or int(digits) > MAX_PORT:
        return -1
    return int(digits)


# URL --------------------------------------------------------------------------------------------------------

Part = Union[str, int, None]
PARTS = ("scheme", "netloc", "path", "query", "fragment")


@dataclass(frozen=True, eq=False, repr=False)
class URL:
    """A URL in its five parts, as they are written (percent-encoded). Equal to text that reads the same.

    Raises:
        ValueError: the text of these parts would be read as other parts, or has control characters.
    """

    __slots__ = PARTS

    scheme: str
    netloc: str
    path: str
    query: str
    fragment: str

    def __post_init__(self) -> None:
        check_parts(self)

    @classmethod
    def of(cls, text: str) -> "URL":
        """Take a URL apart (RFC 3986, appendix B)."""
        rest, _, fragment = text.partition("#")
        rest, _, query = rest.partition("?")
        scheme, colon, after = rest.partition(":")
        if colon and is_scheme(scheme):
            rest = after
        else:
            scheme = ""
        netloc = ""
        if rest[:2] == "//":
            netloc, slash, path = rest[2:].partition("/")
            rest = slash + path
            if not netloc and not scheme:
                raise ValueError("a URL that begins with // has a host")
        return cls(scheme.lower(), netloc, rest, query, fragment)

    @property
    def username(self) -> Optional[str]:
        return split_userinfo(self.netloc)[0]

    @property
    def password(self) -> Optional[str]:
        return split_userinfo(self.netloc)[1]

    @property
    def hostname(self) -> Optional[str]:
        """The host alone: lower-case, an IPv6 address without its brackets."""
        found = parse_host(self.netloc.rpartition("@")[2])
        return found[0].strip("[]") if found else None

    @property
    def port(self) -> Optional[int]:
        found = parse_host(self.netloc.rpartition("@")[2])
        return found[1] if found else None

    @property
    def is_secure(self) -> bool:
        return self.scheme in {"https", "wss"}

    def replace(self, **parts: Part) -> "URL":
        """A URL with some parts changed: its own five as written, or `username password hostname port`."""
        own = {name: str(parts.pop(name) or "") for name in PARTS if name in parts}
        changed = replace(self, **own)
        return replace(changed, netloc=changed._netloc_with(parts)) if parts else changed

    def _netloc_with(self, parts: Dict[str, Part]) -> str:
        known: Dict[str, Part] = {
            name: getattr(self, name) for name in ("username", "password", "hostname", "port")
        }
        unknown = parts.keys() - known.keys()
        if unknown:
            raise TypeError(f"a URL has no {', '.join(sorted(unknown))}")
        known.update(parts)
        user, password, host, port = (None if part is None else str(part) for part in known.values())
        host = f"[{host}]" if host and ":" in host and host[0] != "[" else host or ""
        login = "" if user is None else quote(user, safe=SUB_DELIMITERS)
        login += "" if password is None else f":{quote(password, safe=SUB_DELIMITERS)}"
        return (f"{login}@" if login else "") + host + ("" if port is None else f":{port}")

    def include_query_params(self, **params: object) -> "URL":
        """A URL with these parameters set; others of the same names are gone."""
        kept = [pair for pair in parse_query(self.query.encode()) if pair[0] not in params]
        return self.replace(
            query=format_query([*kept, *((name, str(value)) for name, value in params.items())])
        )

    def replace_query_params(self, **params: object) -> "URL":
        """A URL with these parameters and no others."""
        return self.replace(query=format_query((name, str(value)) for name, value in params.items()))

    def remove_query_params(self, keys: Union[str, Iterable[str]]) -> "URL":
        """A URL without these parameters."""
        gone = {keys} if isinstance(keys, str) else set(keys)
        return self.replace(
            query=format_query(p for p in parse_query(self.query.encode()) if p[0] not in gone)
        )

    def __str__(self) -> str:
        text = f"{self.scheme}:" if self.scheme else ""
        # `sqlite:///file` has no host and still two slashes.
        text += f"//{self.netloc}" if self.netloc or (text and self.path[:1] == "/") else ""
        text += f"{self.path}?{self.query}" if self.query else self.path
        return f"{text}#{self.fragment}" if self.fragment else text

    def __repr__(self) -> str:
        hidden = {} if self.password is None else {"password": "***"}
        return f"URL({str(self.replace(**hidden))!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (URL, str)) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __reduce__(self) -> Tuple[Type["URL"], Tuple[str, str, str, str, str]]:
        # Frozen and slotted: copying and pickling would try to set the parts one by one.
        return URL, (self.scheme, self.netloc, self.path, self.query, self.fragment)


def split_userinfo(netloc: str) -> Tuple[Optional[str], Optional[str]]:
    userinfo, at, _ = netloc.rpartition("@")
    name, colon, password = userinfo.partition(":")
    return (unquote(name) if at else None), (unquote(password) if colon else None)


def is_scheme(text: str) -> bool:
    return text.isascii() and text[:1].isalpha() and not text.encode("ascii").translate(None, SCHEME)


def check_parts(url: URL) -> None:
    """Refuse parts whose text would be read as other parts."""
    text = f"{url.scheme}{url.netloc}{url.path}{url.query}{url.fragment}"
    if has_controls(text):
        raise ValueError("a URL cannot have control characters in it")
    if url.scheme and not is_scheme(url.scheme):
        raise ValueError(f"{url.scheme!r} cannot be the scheme of a URL")
    if url.netloc:
        userinfo, _, host = url.netloc.rpartition("@")
        if (
            parse_host(host) is None
            or not userinfo.isascii()
            or userinfo.encode("ascii").translate(None, USERINFO)
        ):
            raise ValueError("this cannot be the host of a URL")
        misread = url.path[:1] not in {"", "/"}
    elif url.scheme:
        misread = url.scheme in DEFAULT_PORTS  # `http:/x` is read as `http://x` by browsers
    else:
        start, colon, _ = url.path.partition(":")
        misread = url.path[:2] == "//" or (colon == ":" and is_scheme(start))
    if misread or "?" in url.path or "#" in url.path or "#" in url.query:
        raise ValueError(
            "the parts of this URL would be read as other parts: percent-encode them (quote_path)"
        )


def has_controls(text: str) -> bool:
    # The quick answer first; it says no to the harmless ones above 127 too.
    return not text.isprintable() and any(character < " " or character == "\x7f" for character in text)


def build_url(scheme: str, host: str, root_path: str, path: str, query: str) -> URL:
    """The URL of a request, from its parts as the server gave them: paths decoded, `query` as it was sent.

    No part can change another: a path that is none gets a slash, everything is quoted, and a malformed or
    missing Host (which the edge refuses) becomes `localhost`.
    """
    found = parse_host(host)
    if found is None:
        netloc = "localhost"
    else:
        netloc = found[0] if found[1] is None else f"{found[0]}:{found[1]}"
    full = quote_path(root_path + path)
    return URL(scheme, netloc, full if full[:1] == "/" else f"/{full}", quote_query(query), "")


# What comes from outside ------------------------------------------------------------------------------------


def quote_path(path: str) -> str:
    """A decoded path as a URL writes it: slashes stay, a percent sign is one that the path has."""
    raw = path.encode("utf-8", "replace")
    return quote(raw, safe=PATH_SAFE) if raw.translate(None, PATH) else path


def quote_query(query: str) -> str:
    """A query as it was sent (latin-1), with what no query can carry percent-encoded."""
    raw = query.encode("latin-1", "replace")
    return quote(raw, safe=QUERY_SAFE) if raw.translate(None, QUERY) else query


def quote_url(url: str) -> str:
    """A whole URL as the Location header writes it: escapes and separators stay, the rest is encoded.

    Raises:
        ValueError: it has control characters in it.
    """
    if has_controls(url):
        raise ValueError("a URL cannot have control characters in it")
    return quote(url, safe=URL_SAFE, errors="replace")


def is_local_path(url: str) -> bool:
    """Whether a redirect to this stays on this host, however a browser or a proxy reads it.

    It begins with one slash and has visible ASCII only, without a backslash; before the query there are no
    two slashes in a row, and the second character is no escaped one.
    """
    if url[:1] != "/" or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return False
    path = url.partition("#")[0].partition("?")[0]
    return "//" not in path and path[1:4].lower() not in {"%2f", "%5c"}
