"""Kept: an answer as a cache keeps it: what it says, how old it is, and for how long it may be sent (RFC 9111 §4.2)."""

import json
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple, Union

from microframe.http.cache_control import Directives, seconds_in
from microframe.http.conditional import parse_http_date
from microframe.http.headers import RawHeaders, find
from microframe.http.responses import Response, build_response

MAGIC = b"MFA1"
DAY = 86_400

STRICT = ("must-revalidate", "proxy-revalidate", "no-cache")
"""What forbids to send an answer when it is no longer fresh (RFC 9111 §4.2.4)."""
FOR_AUTHORIZED = ("public", "s-maxage", "must-revalidate")
"""What lets others have an answer to a request with `Authorization` (RFC 9111 §3.5)."""
HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authentication-info proxy-authorization proxy-connection "
    b"te trailer transfer-encoding upgrade".split()
)
"""What is said to the next one on the way, and to nobody behind it (RFC 9110 §7.6.1)."""


@dataclass(frozen=True)
class Freshness:
    """For how many seconds an answer is fresh, and what may be done with it afterwards."""

    lifetime: float = 0.0
    while_revalidate: float = 0.0
    if_error: float = 0.0
    is_strict: bool = False
    for_authorized: bool = False


@dataclass(frozen=True)
class Kept:
    """An answer that is kept. `made` is when it came (seconds since 1970), `age` how old it was then."""

    status: int
    headers: RawHeaders
    body: bytes
    made: float
    age: float
    freshness: Freshness
    names: Tuple[bytes, ...] = ()
    """The request headers on which it depends."""
    can_be_validated: bool = False
    """Whether who made it has said a version, by which it can be asked whether that is still so."""

    def age_at(self, now: float) -> float:
        """How old it is (RFC 9111 §4.2.3); a clock that was set back makes nothing younger."""
        return self.age + max(now - self.made, 0.0)

    def left_at(self, now: float) -> float:
        """For how many seconds it is still fresh; below zero: for so long it has not been."""
        return self.freshness.lifetime - self.age_at(now)

    @property
    def keeping(self) -> float:
        """For how many seconds it can be of use from when it was made."""
        fresh = self.freshness
        again = min(max(fresh.lifetime, 60.0), DAY) if self.can_be_validated else 0.0
        return fresh.lifetime - self.age + max(fresh.while_revalidate, fresh.if_error, again)

    def as_response(self, now: float, status: bytes) -> Response:
        """The answer with its age, and what the cache says of itself (RFC 9211)."""
        age = b"%d" % int(self.age_at(now))
        headers = [*self.headers, (b"age", age), (b"cache-status", status)]
        return build_response(self.status, headers, self.body)


def freshness_of(directives: Directives, headers: RawHeaders, now: float) -> Optional[Freshness]:
    """For how long a shared cache may send an answer; None where the answer does not say it: nothing is guessed."""
    lifetime = seconds_in(directives, "s-maxage")
    if lifetime is None:
        lifetime = seconds_in(directives, "max-age")
    if lifetime is None:
        lifetime = lifetime_by_date(headers, now)
    if lifetime is None:
        return None
    behind = seconds_in(directives, "stale-while-revalidate") or 0
    on_error = seconds_in(directives, "stale-if-error") or 0
    is_strict = any(name in directives for name in STRICT)
    # Who says how long an answer may be stale means that it may be (RFC 5861 §3), whatever s-maxage implies.
    is_strict = is_strict or ("s-maxage" in directives and not (behind or on_error))
    return Freshness(
        lifetime,
        0 if is_strict else behind,
        0 if is_strict else on_error,
        is_strict,
        any(name in directives for name in FOR_AUTHORIZED),
    )


def lifetime_by_date(headers: RawHeaders, now: float) -> Optional[int]:
    """The seconds from `Date` to `Expires` (RFC 9111 §5.3: what is no date, or said twice, is over)."""
    said = [value for name, value in headers if name == b"expires"]
    if not said:
        return None
    ends = parse_http_date(said[0].decode("latin-1")) if len(said) == 1 else None
    begins = date_of(headers)
    return 0 if ends is None else max(int(ends - (now if begins is None else begins)), 0)


def date_of(headers: RawHeaders) -> Optional[int]:
    said = find(headers, b"date")
    return None if said is None else parse_http_date(said.decode("latin-1"))


def first_age(headers: RawHeaders, asked: float, now: float) -> float:
    """How old an answer is when it comes (RFC 9111 §4.2.3). What says neither Date nor Age has been made just now."""
    date, said = date_of(headers), find(headers, b"age")
    if date is None and said is None:
        return 0.0
    counted = int(said[:12]) if said is not None and said.isdigit() else 0
    apparent = 0.0 if date is None else max(0.0, now - date)
    return max(apparent, counted + max(now - asked, 0.0))


def kept_headers(headers: RawHeaders) -> RawHeaders:
    """The headers of an answer that are kept with it (RFC 9111 §3.1)."""
    named = b",".join([value for name, value in headers if name == b"connection"]).lower()
    dropped = HOP_BY_HOP | {part.strip(b" \t") for part in named.split(b",")} | {b"age", b"content-length"}
    return [pair for pair in headers if pair[0] not in dropped]


def freshened(kept: RawHeaders, said: RawHeaders) -> RawHeaders:
    """The headers of a kept answer after a 304 has confirmed it (RFC 9111 §3.2)."""
    of_body = (b"content-encoding", b"content-length", b"content-range", b"content-type")
    news = [pair for pair in said if pair[0] not in of_body and pair[0] not in HOP_BY_HOP]
    names = {name for name, _ in news}
    return [*(pair for pair in kept if pair[0] not in names), *news]


# In a store ----------------------------------------------------------------------------------------------------------

Pointer = Tuple[bytes, ...]
"""More request headers on which the answers to a request depend, kept in the place of an answer."""


def write_kept(kept: Kept) -> bytes:
    """An answer as bytes."""
    fresh = kept.freshness
    head = {
        "status": kept.status,
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in kept.headers],
        "made": kept.made,
        "age": kept.age,
        "fresh": [
            fresh.lifetime,
            fresh.while_revalidate,
            fresh.if_error,
            fresh.is_strict,
            fresh.for_authorized,
        ],
        "names": [name.decode("latin-1") for name in kept.names],
        "valid": kept.can_be_validated,
    }
    return framed(head) + kept.body


def write_pointer(names: Pointer) -> bytes:
    """A pointer as bytes."""
    return framed({"vary": [name.decode("latin-1") for name in names]})


def framed(head: Dict[str, Any]) -> bytes:
    text = json.dumps(head, separators=(",", ":")).encode()
    return MAGIC + len(text).to_bytes(4, "big") + text


def read_kept(raw: bytes) -> Union[Kept, Pointer, None]:
    """What was written; None for anything else."""
    if raw[:4] != MAGIC:
        return None
    end = 8 + int.from_bytes(raw[4:8], "big")
    try:
        head = json.loads(raw[8:end])
        if "vary" in head:
            return tuple(name.encode("latin-1") for name in head["vary"])
        lifetime, behind, on_error, strict, authorized = head["fresh"]
        return Kept(
            int(head["status"]),
            [(name.encode("latin-1"), value.encode("latin-1")) for name, value in head["headers"]],
            raw[end:],
            float(head["made"]),
            float(head["age"]),
            Freshness(float(lifetime), float(behind), float(on_error), bool(strict), bool(authorized)),
            tuple(name.encode("latin-1") for name in head["names"]),
            bool(head["valid"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
