"""Case 42 (CVE-2026-77050, CVE-2023-23969): what a client sends is no key of a cache without bounds."""

from contextlib import suppress
from typing import Callable, List, Tuple

import pytest

from microframe.http import client, media, url
from microframe.http.client import canonical_ip, parse_networks
from microframe.http.media import parse_media_type
from microframe.http.url import parse_host

CACHES: List[Tuple[str, Callable[[str], object], str]] = [
    ("hosts", parse_host, "a"),
    ("addresses", canonical_ip, "1"),
    ("media types", parse_media_type, "a/"),
]
STORES = {"hosts": url._parse_host, "addresses": client._parse_ip, "media types": media._parse_media_type}


@pytest.mark.parametrize(("name", "call", "start"), CACHES)
def test_a_cache_keeps_neither_long_keys_nor_too_many(
    name: str, call: Callable[[str], object], start: str
) -> None:
    store = STORES[name]
    largest = store.cache_info().maxsize
    assert largest is not None
    for number in range(largest + 50):
        call(f"{start}{number}")
    assert store.cache_info().currsize <= largest
    misses = store.cache_info().misses
    with suppress(ValueError):
        call(start + "1" * 10_000)
    assert store.cache_info().misses == misses  # it was not even looked up


def test_networks_keep_neither_long_keys_nor_too_many() -> None:
    networks = parse_networks(["10.0.0.0/8"])
    for number in range(2000):
        networks.lists(f"10.0.{number // 250}.{number % 250}")
    info = networks._search.cache_info()
    assert info.currsize <= (info.maxsize or 0)
    networks.lists("1" * 10_000)
    assert networks._search.cache_info().misses == info.misses
