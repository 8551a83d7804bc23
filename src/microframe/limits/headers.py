"""Headers: what a limited answer says of its limits (draft-ietf-httpapi-ratelimit-headers-11)."""

import math
from typing import Sequence, Tuple

from microframe.limits.limit import Limit
from microframe.store import Verdict


def quoted(text: str) -> str:
    """A String of structured fields (RFC 9651 §3.3.3)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def format_policy(limits: Sequence[Limit]) -> Tuple[bytes, bytes]:
    """All the limits of a route: `"100/minute";q=100;w=60`."""
    items = (f"{quoted(limit.title)};q={limit.quota};w={limit.window}" for limit in limits)
    return b"ratelimit-policy", ", ".join(items).encode()


def format_state(title: bytes, limit: Limit, verdict: Verdict) -> Tuple[bytes, bytes]:
    """How much one limit leaves, and in how many seconds more is there: `"100/minute";r=99;t=60`."""
    return b"ratelimit", b"%b;r=%d;t=%d" % (title, verdict.remaining, math.ceil(more_after(limit, verdict)))


def more_after(limit: Limit, verdict: Verdict) -> float:
    """Seconds until more may pass. A window tells only when all of it is free again, and that is the latest."""
    if verdict.retry_after or limit.algorithm != "gcra":
        return verdict.retry_after or verdict.reset_after
    step = limit.window / limit.quota
    return max(verdict.reset_after - limit.window + (verdict.remaining + 1) * step, 0.0)
