"""Limits as they are written: rates, options, lists, marks on handlers."""

from typing import Any, Tuple

import pytest

from microframe.exceptions import SetupError
from microframe.limits.limit import Limit, limited, limits_of, parse_rate, read_limits, with_limits_of

RATES = [
    ("5/second", 5, 1),
    ("100/minute", 100, 60),
    ("1000/day", 1000, 86_400),
    ("100 per 15 minutes", 100, 900),
    ("100/15 minutes", 100, 900),
    ("1 per hour", 1, 3600),
    ("2 / week", 2, 604_800),
    ("5/m", 5, 60),
    ("7/2h", 7, 7200),
    (" 10 Per Minute ", 10, 60),
]
NO_RATES = [
    "",
    "5",
    "/minute",
    "5/",
    "0/minute",
    "5/0 minutes",
    "-5/minute",
    "5.5/minute",
    "5/year",
    "5perminute",
]
NO_RATES += ["5/minute;10/hour", "\u0665/minute", "5/minute\n!", "5 minutes", "9999999999/day"]


@pytest.mark.parametrize(("rate", "quota", "window"), RATES, ids=[rate for rate, _, _ in RATES])
def test_a_rate_says_how_many_in_how_long(rate: str, quota: int, window: int) -> None:
    assert parse_rate(rate) == (quota, window)
    limit = Limit(rate)
    assert (limit.quota, limit.window) == (quota, window)


@pytest.mark.parametrize("rate", NO_RATES)
def test_what_says_no_rate_is_refused_with_how_to_write_it(rate: str) -> None:
    with pytest.raises(SetupError, match="cannot be read: write it as 100/minute"):
        Limit(rate)


def test_what_is_no_text_is_refused() -> None:
    wrong: Any = 100
    with pytest.raises(SetupError, match="the limit 100 cannot be read"):
        Limit(wrong)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"by": "ip"}, "by='ip' is neither a function nor one of client, user, key, route"),
        ({"by": ()}, "counts nobody"),
        ({"by": ("client", 5)}, "by=5 is neither"),
        ({"algorithm": "leaky"}, "there is no algorithm 'leaky', only fixed_window, sliding_window, gcra"),
        ({"cost": 0}, "costs 1 to 5, not 0"),
        ({"cost": 6}, "costs 1 to 5, not 6"),
        ({"cost": True}, "costs 1 to 5, not True"),
        ({"name": "x" * 65}, "at most 64"),
        ({"name": "día"}, "printable ASCII"),
        ({"name": "a\nb"}, "printable ASCII"),
    ],
    ids=["by", "nobody", "by-5", "algorithm", "free", "dear", "bool", "long", "accent", "newline"],
)
def test_options_that_cannot_be_are_refused(options: Any, said: str) -> None:
    with pytest.raises(SetupError, match=said) as caught:
        Limit("5/minute", **options)
    assert "Limit('5/minute')" in str(caught.value)


def by_tenant(connection: object) -> str:
    return "tenant"


@pytest.mark.parametrize(
    ("limit", "title"),
    [
        (Limit("5/minute"), "5/minute"),
        (Limit("5/minute", name="login"), "login"),
        (Limit("5/minute", by="user", name="login"), "login"),
        (Limit("5/minute", by="user"), "5/minute by user"),
        (Limit("5/minute", by=("client", by_tenant)), "5/minute by client+by_tenant"),
    ],
    ids=["rate", "name", "named-user", "user", "two"],
)
def test_clients_are_told_a_name_or_what_it_says(limit: Limit, title: str) -> None:
    assert limit.title == title


def test_one_or_several_are_given_and_the_shortest_window_is_asked_first() -> None:
    own = Limit("5/hour")
    read = read_limits(["1000/day", own, "1/second"])
    assert read is not None
    assert [limit.rate for limit in read] == ["1/second", "5/hour", "1000/day"]
    assert read[1] is own
    assert [limit.rate for limit in read_limits("5/minute") or ()] == ["5/minute"]
    assert read_limits(own) == (own,)
    assert read_limits(None) is None


@pytest.mark.parametrize("given", [[], (), False, 5, [5]], ids=repr)
def test_what_is_no_limit_is_refused(given: Any) -> None:
    with pytest.raises(SetupError, match="limit"):
        read_limits(given)


def test_a_handler_keeps_every_limit_that_decorators_say() -> None:
    @limited("5/minute")
    @limited("1/second", "100/day")
    def handler() -> None: ...

    assert [limit.rate for limit in limits_of(handler)] == ["1/second", "100/day", "5/minute"]
    own: Tuple[Limit, ...] = (Limit("2/hour"),)
    both = with_limits_of(handler, {"csrf": False, "limit": own})
    assert [limit.rate for limit in both["limit"]] == ["1/second", "5/minute", "2/hour", "100/day"]
    assert both["csrf"] is False


def test_a_decorator_and_a_route_that_contradict_each_other_are_refused() -> None:
    @limited("5/minute")
    def handler() -> None: ...

    with pytest.raises(SetupError, match="limit=None, but @limited says otherwise"):
        with_limits_of(handler, {"limit": None})


def test_a_decorator_that_says_nothing_is_refused() -> None:
    with pytest.raises(SetupError):
        limited()
