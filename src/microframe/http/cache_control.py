"""Cache control: what a message tells caches (RFC 9111 §5.2), and what a route says of its answers."""

import re
from dataclasses import dataclass, field, replace
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

from microframe.exceptions import SetupError
from microframe.http.headers import RawHeaders
from microframe.http.media import is_token

Directives = Dict[str, str]
"""Names in lower case; the text of an argument, empty where there is none."""

LONGEST = 2**31
"""The most seconds that a cache counts (RFC 9111 §1.2.2)."""
MALFORMED: Directives = {"no-store": ""}
"""What cannot be understood is not kept."""
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]"
DIRECTIVE = re.compile(rf'[ \t,]*({TOKEN}+)(?:=("[^"\\]*(?:\\.[^"\\]*)*"|{TOKEN}*))?(?=[ \t,]|$)')
MOST_TEXT = 8_192
"""Characters of directives that are read."""
MEGABYTE = 1_048_576


def parse_cache_control(headers: RawHeaders) -> Directives:
    """The directives of a message. One that is said twice, and not the same, holds no number any more."""
    said = b",".join([value for name, value in headers if name == b"cache-control"]).decode("latin-1")
    found: Directives = {}
    at, end = 0, len(said.rstrip(" \t,"))
    if end > MOST_TEXT:
        return MALFORMED
    while at < end:
        match = DIRECTIVE.match(said, at)
        if match is None:
            return MALFORMED
        name, text = match.group(1).lower(), (match.group(2) or "").strip('"')
        found[name] = text if found.get(name, text) == text else ""
        at = match.end()
    return found


def seconds_in(directives: Directives, name: str) -> Optional[int]:
    """The seconds of a directive; None where it is not said, 0 where it holds no number (RFC 9111 §4.2.1)."""
    text = directives.get(name)
    if text is None:
        return None
    return min(int(text[:12]), LONGEST) if text.isdigit() and text.isascii() else 0


def listed(headers: RawHeaders, name: bytes) -> List[str]:
    """The members of a header that is a list of names, in lower case."""
    said = b",".join([value for key, value in headers if key == name]).decode("latin-1").lower()
    return [one for one in (part.strip(" \t") for part in said.split(",")) if one]


@dataclass(frozen=True)
class Cache:
    """What caches may do with the answers of a route: `cache=Cache(max_age=60)`.

    `max_age` are the seconds for which an answer is fresh, `s_maxage` those for caches that people share, as ours is.
    For `stale_while_revalidate` seconds more it is still sent, while a new one is made; for `stale_if_error` seconds
    where making a new one fails. `vary` names request headers on which answers depend, besides those that parameters
    read. `private` is for the visitor's own browser alone; `no_store` for nobody. Answers to requests with
    `Authorization` are kept only with `public`, `s_maxage` or `must_revalidate`.

    `tags` name what answers show: `tags=("board:{board_id}",)`. A request that changes something through a route
    with the same tag forgets them all. Answers of more than `max_size` bytes are not kept. What an answer says itself
    in `Cache-Control` counts instead of this; `Cache()` keeps only what says so itself.

    Raises:
        SetupError: what is said contradicts itself.
    """

    max_age: Optional[int] = None
    s_maxage: Optional[int] = None
    public: bool = False
    private: bool = False
    no_store: bool = False
    must_revalidate: bool = False
    stale_while_revalidate: int = 0
    stale_if_error: int = 0
    vary: Sequence[str] = ()
    tags: Sequence[str] = ()
    max_size: int = MEGABYTE
    header: bytes = field(init=False, repr=False, compare=False)
    """The value of `Cache-Control`; empty where nothing is said."""

    def __post_init__(self) -> None:
        check_seconds(self)
        check_contradictions(self)
        for name in ("vary", "tags"):
            if isinstance(getattr(self, name), str):
                raise SetupError(f"Cache({name}=…) takes several names: ({getattr(self, name)!r},)")
        for name in self.vary:
            if not is_token(name) or name == "*":
                raise SetupError(f"Cache(vary=…): {name!r} is no name of a header")
        object.__setattr__(self, "header", format_policy(self).encode())

    @property
    def is_shared(self) -> bool:
        """Whether answers are for others than who asked."""
        return not (self.private or self.no_store)

    def with_vary(self, names: Iterable[str]) -> "Cache":
        """The same, for answers that depend on these headers too."""
        known = {name.lower(): name for name in reversed([*self.vary, *names])}
        return replace(self, vary=tuple(reversed([*known.values()])))


def check_seconds(policy: Cache) -> None:
    for name in ("max_age", "s_maxage", "stale_while_revalidate", "stale_if_error", "max_size"):
        value = getattr(policy, name)
        if value is None and name in ("max_age", "s_maxage"):
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LONGEST:
            raise SetupError(f"Cache({name}={value!r}): a whole number from 0 to {LONGEST} is meant")


def check_contradictions(policy: Cache) -> None:
    stale = bool(policy.stale_while_revalidate or policy.stale_if_error)
    numbers = policy.max_age is not None or policy.s_maxage is not None or stale
    shared = policy.public or policy.s_maxage is not None
    wrong = {
        "no_store and what is stored": policy.no_store
        and (numbers or shared or policy.private or policy.must_revalidate),
        "private and what others may have": policy.private and shared,
        "must_revalidate and what may be stale": policy.must_revalidate and stale,
        "what may be stale, and not how long it is fresh": stale
        and policy.max_age is None
        and policy.s_maxage is None,
    }
    for what, is_wrong in wrong.items():
        if is_wrong:
            raise SetupError(f"{policy_text(policy)} says {what}: that cannot both be meant")


def policy_text(policy: Cache) -> str:
    said = [f"{name}={value!r}" for name, value in words_of(policy) if value]
    return f"Cache({', '.join(said)})"


def words_of(policy: Cache) -> Sequence[Tuple[str, object]]:
    names = ("max_age", "s_maxage", "public", "private", "no_store", "must_revalidate")
    return [(name, getattr(policy, name)) for name in (*names, "stale_while_revalidate", "stale_if_error")]


def format_policy(policy: Cache) -> str:
    """A policy as the value of `Cache-Control`."""
    said = []
    for name, value in words_of(policy):
        directive = "s-maxage" if name == "s_maxage" else name.replace("_", "-")
        if value is True:
            said.append(directive)
        elif value is not None and value is not False and (value or name in ("max_age", "s_maxage")):
            said.append(f"{directive}={value}")
    return ", ".join(said)
