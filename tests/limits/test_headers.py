"""What limited answers tell, as structured fields."""

import pytest

from microframe.limits.headers import format_policy, format_state, more_after, quoted
from microframe.limits.limit import Limit
from microframe.store import Verdict
from microframe.stores.memory import MemoryStore


def test_the_policy_names_every_limit() -> None:
    name, value = format_policy([Limit("5/second"), Limit("1000/day", name="daily", by="user")])
    assert name == b"ratelimit-policy"
    assert value == b'"5/second";q=5;w=1, "daily";q=1000;w=86400'


def test_a_name_is_written_as_a_string_whatever_is_in_it() -> None:
    assert quoted('a "b" \\ c') == '"a \\"b\\" \\\\ c"'


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (Verdict(True, 5, 4, 60.0, 0.0), b'"x";r=4;t=60'),
        (Verdict(True, 5, 0, 59.2, 0.0), b'"x";r=0;t=60'),
        (Verdict(False, 5, 0, 59.2, 3.1), b'"x";r=0;t=4'),
    ],
    ids=["first", "last", "refused"],
)
def test_the_state_is_told_in_whole_seconds_rounded_up(verdict: Verdict, told: bytes) -> None:
    assert format_state(b'"x"', Limit("5/minute"), verdict) == (b"ratelimit", told)


async def test_gcra_tells_when_the_very_next_one_may_pass() -> None:
    now = 0.0
    store = MemoryStore(clock=lambda: now)
    limit = Limit("6/minute", algorithm="gcra")

    async def hit() -> Verdict:
        return await store.hit("k", algorithm="gcra", limit=6, window=60)

    for _ in range(5):
        await hit()
    assert more_after(limit, await hit()) == pytest.approx(10)
    assert more_after(limit, await hit()) == pytest.approx(10)
    now = 4.0
    assert more_after(limit, await hit()) == pytest.approx(6)
    now = 120.0
    assert more_after(limit, await hit()) == pytest.approx(10)
