"""Cookies: the Cookie header read, Set-Cookie written, both without `http.cookies`, which lets CR LF out."""

import time
from datetime import datetime
from typing import Callable, Dict, List, Optional, Union

from microframe.http.headers import TOKEN
from microframe.http.url import parse_host

MAX_COOKIE_BYTES = 4096

# RFC 6265 §4.1.1: visible ASCII without quote, comma, semicolon, backslash.
VALUE = bytes(code for code in range(0x21, 0x7F) if chr(code) not in '",;\\')
SAMESITE = {"lax", "strict", "none"}

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parse_cookies(header: str) -> Dict[str, str]:
    """The cookies of a Cookie header; of two with one name the first counts, and one without a name does not.

    Double quotes around a value are taken off; nothing else is unescaped.
    """
    cookies: Dict[str, str] = {}
    for piece in header.split(";"):
        name, equals, value = piece.partition("=")
        # Blanks and tabs only: without what Unicode calls space, "\xa0__Host-x" would pass for "__Host-x".
        name = name.strip(" \t")
        if not equals or not name or name in cookies:
            continue
        value = value.strip(" \t")
        if len(value) > 1 and value[0] == '"' == value[-1]:
            value = value[1:-1]
        cookies[name] = value
    return cookies


def format_cookie(
    key: str,
    value: str = "",
    *,
    max_age: Optional[int] = None,
    expires: Union[datetime, int, str, None] = None,
    path: Optional[str] = "/",
    domain: Optional[str] = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: Optional[str] = "lax",
    partitioned: bool = False,
    clock: Callable[[], float] = time.time,
) -> str:
    """One Set-Cookie value; `expires` is a time with a zone, seconds from now, or a date's text.

    Values are neither quoted nor encoded: percent-encode spaces, commas, quotes and what is not ASCII
    (`urllib.parse.quote`), and decode it when it comes back.

    Raises:
        ValueError: something in it cannot stand in a cookie, or browsers would throw the cookie away.
    """
    parts = [format_pair(key, value)]
    if domain is not None:
        parts.append(f"Domain={check_domain(domain)}")
    if expires is not None:
        parts.append(f"expires={format_expires(expires, clock)}")
    if httponly:
        parts.append("HttpOnly")
    if max_age is not None:
        parts.append(f"Max-Age={int(max_age)}")
    if partitioned:
        parts.append("Partitioned")
    if path is not None:
        parts.append(f"Path={check_path(path)}")
    if samesite is not None:
        parts.append(f"SameSite={check_samesite(samesite)}")
    if secure:
        parts.append("Secure")
    check_promises(key, parts[1:])
    cookie = "; ".join(parts)
    if len(cookie) > MAX_COOKIE_BYTES:
        raise ValueError(f"the cookie {key!r} has {len(cookie)} bytes; browsers keep {MAX_COOKIE_BYTES}")
    return cookie


def format_pair(key: str, value: str) -> str:
    """`key=value`, both checked."""
    if not key or not key.isascii() or key.encode("ascii").translate(None, TOKEN):
        raise ValueError(f"{key!r} cannot be the name of a cookie")
    if not value.isascii() or value.encode("ascii").translate(None, VALUE):
        raise ValueError(
            f"the value of the cookie {key!r} has characters that no cookie can carry: "
            "percent-encode it (urllib.parse.quote)"
        )
    return f"{key}={value}" if value else f'{key}=""'


def check_domain(domain: str) -> str:
    host = parse_host(domain[domain[:1] == "." :])
    if host is None or ":" in domain:
        raise ValueError(f"{domain!r} cannot be the domain of a cookie")
    return domain


def check_path(path: str) -> str:
    if path[:1] != "/" or not path.isascii() or path.encode("ascii").translate(None, VALUE):
        raise ValueError(
            f"{path!r} cannot be the path of a cookie: it begins with a slash and is percent-encoded"
        )
    return path


def check_samesite(samesite: str) -> str:
    if samesite.lower() not in SAMESITE:
        raise ValueError(f"samesite is 'lax', 'strict' or 'none', not {samesite!r}")
    return samesite


def format_expires(expires: Union[datetime, int, str], clock: Callable[[], float]) -> str:
    if isinstance(expires, str):
        if not expires.isascii() or not expires.isprintable() or ";" in expires:
            raise ValueError(f"{expires!r} cannot be the end of a cookie")
        return expires
    if not isinstance(expires, datetime):
        return format_date(clock() + expires)
    if expires.tzinfo is None:
        raise ValueError("the end of a cookie is a time with a zone: datetime.now(timezone.utc) + …")
    return format_date(expires.timestamp())


def format_date(timestamp: float) -> str:
    """A time as HTTP writes it (RFC 9110 §5.6.7), whatever the locale: `Sun, 06 Nov 1994 08:49:37 GMT`."""
    at = time.gmtime(timestamp)
    return (
        f"{DAYS[at.tm_wday]}, {at.tm_mday:02} {MONTHS[at.tm_mon - 1]} {at.tm_year:04} "
        f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT"
    )


def check_promises(key: str, attributes: List[str]) -> None:
    """Refuse what browsers would throw away without a word (RFC 6265bis §4.1.3, §5.7)."""
    secure = "Secure" in attributes
    prefix = key.lower()
    if not secure and any(attribute.lower() == "samesite=none" for attribute in attributes):
        raise ValueError(f"the cookie {key!r} has samesite 'none', so it must be secure")
    if not secure and "Partitioned" in attributes:
        raise ValueError(f"the cookie {key!r} is partitioned, so it must be secure")
    if not secure and prefix.startswith("__secure-"):
        raise ValueError(f"the cookie {key!r} must be secure: its name says so")
    if prefix.startswith("__host-"):
        has_domain = any(attribute.startswith("Domain=") for attribute in attributes)
        if not secure or has_domain or "Path=/" not in attributes:
            raise ValueError(
                f"the cookie {key!r} must be secure, with path '/' and no domain: its name says so"
            )
