"""Cookies: the client's jar, keeping and sending them as a browser does (RFC 6265bis §5)."""

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Callable, Dict, Iterable, Iterator, List, Mapping, MutableMapping, Optional, Tuple

from microframe.http.url import URL

Key = Tuple[str, str, str]

SECURE = ("https", "wss")


@dataclass(frozen=True)
class Cookie:
    """One cookie as it was set; `domain` is empty for every host, `expires` in seconds since 1970."""

    name: str
    value: str
    domain: str = ""
    path: str = "/"
    expires: Optional[float] = None
    host_only: bool = True
    secure: bool = False
    http_only: bool = False
    same_site: str = ""

    @property
    def key(self) -> Key:
        return self.domain, self.path, self.name

    def goes_to(self, url: URL) -> bool:
        """Whether a browser would send it there."""
        if self.secure and url.scheme not in SECURE:
            return False
        return self.matches_host(url.hostname or "") and is_below(url.path or "/", self.path)

    def matches_host(self, host: str) -> bool:
        if not self.domain or host == self.domain:
            return True
        return not self.host_only and host.endswith(f".{self.domain}")


def is_below(path: str, prefix: str) -> bool:
    """Path-match (RFC 6265bis §5.1.4)."""
    if path == prefix:
        return True
    return path.startswith(prefix) and (prefix.endswith("/") or path[len(prefix)] == "/")


def parse_set_cookie(text: str, url: URL, now: float) -> Optional[Cookie]:
    """The cookie of a Set-Cookie header, or None for one that a browser would refuse."""
    pair, *rest = text.split(";")
    name, equals, value = pair.partition("=")
    name, host = name.strip(), url.hostname or ""
    if not equals or not name:
        return None
    given = {
        key.strip().lower(): content.strip() for key, _, content in (part.partition("=") for part in rest)
    }
    domain = given.get("domain", "").lower().lstrip(".")
    path = given.get("path", "")
    cookie = Cookie(
        name,
        value.strip(),
        domain or host,
        path if path.startswith("/") else default_path(url),
        expiry(given, now),
        not domain,
        "secure" in given,
        "httponly" in given,
        given.get("samesite", ""),
    )
    return cookie if is_acceptable(cookie, host) else None


def default_path(url: URL) -> str:
    """The folder of the URL (RFC 6265bis §5.1.4)."""
    return url.path.rpartition("/")[0] or "/"


def expiry(given: Mapping[str, str], now: float) -> Optional[float]:
    """When it ends: `Max-Age` goes before `Expires`; a date that is none is as if it were not there."""
    seconds = given.get("max-age", "")
    if seconds.lstrip("-").isdecimal():
        return now + int(seconds)
    try:
        return parsedate_to_datetime(given["expires"]).timestamp()
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def is_acceptable(cookie: Cookie, host: str) -> bool:
    """Whether a browser keeps it: its domain is the host's own, and it is what its prefix promises."""
    if not cookie.matches_host(host) or (
        not cookie.host_only and "." not in cookie.domain and host != cookie.domain
    ):
        return False
    name = cookie.name.lower()
    if name.startswith("__host-"):
        return cookie.secure and cookie.host_only and cookie.path == "/"
    return cookie.secure or not name.startswith("__secure-")


class Cookies(MutableMapping[str, str]):
    """The cookies a client has, read and written by name; those that have expired are gone.

    `host` is where cookies belong that a test sets without saying so; empty: everywhere.
    """

    def __init__(
        self,
        values: Optional[Mapping[str, str]] = None,
        host: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._jar: Dict[Key, Cookie] = {}
        self._host = host
        self._clock = clock
        self.update(values or {})

    def read(self, url: URL, headers: Iterable[str]) -> None:
        """Keep what an answer from this URL sets in its Set-Cookie headers."""
        now = self._clock()
        for text in headers:
            cookie = parse_set_cookie(text, url, now)
            if cookie is not None:
                self._keep(cookie, now)

    def _keep(self, cookie: Cookie, now: float) -> None:
        if cookie.expires is not None and cookie.expires <= now:
            self._jar.pop(cookie.key, None)
        else:
            self._jar[cookie.key] = cookie  # one that is there already keeps its place in the order

    def header(self, url: URL) -> str:
        """The Cookie header for a request: longer paths first, then the older ones."""
        if not self._jar:
            return ""
        sent = sorted((c for c in self.all() if c.goes_to(url)), key=lambda cookie: -len(cookie.path))
        return "; ".join([f"{cookie.name}={cookie.value}" for cookie in sent])

    def all(self) -> List[Cookie]:
        """Every cookie with all that is known of it."""
        now = self._clock()
        return [c for c in self._jar.values() if c.expires is None or c.expires > now]

    def set(self, name: str, value: str, domain: Optional[str] = None, path: str = "/") -> None:
        """Give the client a cookie.

        Raises:
            ValueError: it has something in it that no cookie can carry.
        """
        if not name or any(character in name for character in "=; \t") or ";" in value:
            raise ValueError(f"this cannot be a cookie: {name!r}")
        if any(character < " " or character == "\x7f" for character in name + value):
            raise ValueError(f"the cookie {name!r} has control characters in it")
        cookie = Cookie(
            name, value, self._host if domain is None else domain.lstrip("."), path, host_only=not domain
        )
        self._jar[cookie.key] = cookie

    def delete(self, name: str, domain: Optional[str] = None, path: Optional[str] = None) -> None:
        """Take a cookie away, from one domain or path or from all.

        Raises:
            KeyError: there is none.
        """
        for cookie in self._named(name, domain, path):
            del self._jar[cookie.key]

    def _named(self, name: str, domain: Optional[str] = None, path: Optional[str] = None) -> List[Cookie]:
        found = [
            c for c in self.all() if c.name == name and domain in (None, c.domain) and path in (None, c.path)
        ]
        if not found:
            raise KeyError(name)
        return found

    def __getitem__(self, name: str) -> str:
        return max(self._named(name), key=lambda cookie: len(cookie.path)).value

    def __setitem__(self, name: str, value: str) -> None:
        self.set(name, value)

    def __delitem__(self, name: str) -> None:
        self.delete(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(cookie.name for cookie in self.all()))

    def __len__(self) -> int:
        return len({cookie.name for cookie in self.all()})

    def clear(self) -> None:
        self._jar.clear()

    def __repr__(self) -> str:
        return f"Cookies({', '.join(self)})"
