"""Case 42 (CVE-2026-77050): the hosts that the edge has found well-formed are remembered, and never too many."""

import tracemalloc
from typing import Set

from microframe.asgi.messages import KNOWN_HOSTS, HeadLimits, build_head_check, remember_host


def test_a_bounded_number_of_hosts_is_remembered() -> None:
    known: Set[bytes] = set()
    for number in range(5 * KNOWN_HOSTS):
        assert remember_host(b"host%d.example" % number, known)
        assert len(known) <= KNOWN_HOSTS


def test_what_is_malformed_or_long_is_not_remembered() -> None:
    known: Set[bytes] = set()
    for host in (None, b"", b"a b", b"x/y", b"\xff", b"x:port", b"a" * 300, (b"a" * 60 + b".") * 5 + b"com"):
        assert not remember_host(host, known)
    assert known == set()


def test_any_number_of_hosts_costs_the_same_memory() -> None:
    check = build_head_check(HeadLimits())

    def ask(first: int, last: int) -> None:
        for number in range(first, last):
            # As long as a host may be: 250 bytes each.
            name = b"%08d" % number + b".a" * 121
            assert check([(b"host", name)], "/", b"") is None

    ask(0, 1_000)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        ask(1_000, 6_000)
        assert tracemalloc.get_traced_memory()[0] - before < 500_000
    finally:
        tracemalloc.stop()
