"""Asked: what a request demands of a cache (RFC 9111 §5.2.1)."""

from dataclasses import dataclass
from typing import Optional

from microframe.caching.kept import Kept
from microframe.http.cache_control import parse_cache_control, seconds_in
from microframe.http.headers import RawHeaders

DEMANDING = frozenset([b"if-match", b"if-unmodified-since"])
"""What only who makes an answer can look at (RFC 9111 §4.3.2)."""
CONDITIONAL = frozenset([b"if-modified-since", b"if-none-match", b"if-range", b"range"])
"""What a cache looks at itself, once it has the whole answer."""


@dataclass(frozen=True)
class Asked:
    """What a request lets a cache do. `no_cache`: nothing made before the request is good enough."""

    no_store: bool = False
    no_cache: bool = False
    only_if_cached: bool = False
    max_age: Optional[int] = None
    min_fresh: Optional[int] = None
    max_stale: Optional[float] = None
    is_authorized: bool = False
    is_demanding: bool = False
    is_part: bool = False
    """A part is enough (RFC 9110 §14.2)."""

    def may_have(self, kept: Kept) -> bool:
        """Whether it may be sent to who asks at all (RFC 9111 §3.5)."""
        return kept.freshness.for_authorized or not self.is_authorized

    def takes(self, kept: Kept, now: float) -> bool:
        """Whether the answer is fresh, as far as the request cares (RFC 9111 §4.2)."""
        left = kept.left_at(now)
        if self.no_cache or (self.min_fresh is not None and left < self.min_fresh):
            return False
        if self.max_age is not None and kept.age_at(now) > self.max_age:
            return False
        if left > 0:
            return True
        return self.max_stale is not None and not kept.freshness.is_strict and -left <= self.max_stale

    def takes_while_revalidating(self, kept: Kept, now: float) -> bool:
        """Whether it may be sent while a new one is made (RFC 5861 §3), which who demands more does not want."""
        is_choosy = self.no_cache or self.max_age is not None or self.min_fresh is not None
        return not is_choosy and -kept.left_at(now) < kept.freshness.while_revalidate

    def takes_on_error(self, kept: Kept, now: float) -> bool:
        """Whether it may be sent because there is no new one to be had (RFC 5861 §4)."""
        return not self.no_cache and -kept.left_at(now) < kept.freshness.if_error


PLAIN = Asked()


def read_asked(headers: RawHeaders) -> Asked:
    """What the head of a request says to caches; for most it is nothing."""
    names = {name for name, _ in headers}
    if SAID.isdisjoint(names):
        return PLAIN
    said = parse_cache_control(headers)
    stale = seconds_in(said, "max-stale")
    return Asked(
        "no-store" in said,
        "no-cache" in said,
        "only-if-cached" in said,
        seconds_in(said, "max-age"),
        seconds_in(said, "min-fresh"),
        float("inf") if said.get("max-stale") == "" else stale,
        b"authorization" in names,
        bool(names & DEMANDING),
        b"range" in names,
    )


SAID = DEMANDING | {b"authorization", b"cache-control", b"range"}
