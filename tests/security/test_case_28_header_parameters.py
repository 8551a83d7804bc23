"""Case 28 (CVE-2024-24762, CVE-2026-28356, CVE-2026-84429): header parameters are read in linear time."""

from contextlib import suppress
from typing import Callable, Dict

import pytest

from microframe.http.client import forwarded_for, parse_networks
from microframe.http.headers import Headers
from microframe.http.media import accepts, parse_options
from microframe.http.query import parse_query
from tests.growth import assert_linear

HOSTILE: Dict[str, Callable[[int], str]] = {
    "escaped quotes": lambda n: 'form-data; a="' + '\\"' * n,
    "escaped quotes that end": lambda n: 'form-data; a="' + '\\"' * n + '"',
    "backslashes": lambda n: 'form-data; a="' + "\\" * n,
    "backslashes that end": lambda n: 'form-data; a="' + "\\\\" * n + '"',
    "backslashes, then quotes": lambda n: 'form-data; a="' + "\\" * n + '"' * n,
    "semicolons in quotes": lambda n: 'form-data; a="' + ";" * n + '"',
    "semicolons in open quotes": lambda n: 'form-data; a="' + ";" * n,
    "semicolons": lambda n: "form-data" + ";" * n,
    "semicolons and blanks": lambda n: "form-data" + "; " * n + "a",
    "blanks": lambda n: "form-data; a=" + " " * n + "b",
    "blanks at the end": lambda n: "form-data; a=b" + " " * n + "c",
    "tabs before": lambda n: "\t" * n + "form-data",
    "equals": lambda n: "form-data; " + "=" * n,
    "names": lambda n: "form-data" + "".join(f";a{number}=b" for number in range(n)),
    "names without values": lambda n: "form-data" + ";a" * n,
    "quotes": lambda n: "form-data; a=" + '"' * n,
    "empty quotes": lambda n: "form-data" + "".join(f';a{number}=""' for number in range(n)),
    "one long name": lambda n: "form-data; " + "a" * n + "=b",
    "one long value": lambda n: "form-data; a=" + "b" * n,
    "no parameters": lambda n: "a" * n,
}


def read(value: str) -> None:
    with suppress(ValueError):
        parse_options(value)


@pytest.mark.parametrize("kind", HOSTILE)
def test_parameters_are_read_in_linear_time(kind: str) -> None:
    assert_linear(HOSTILE[kind], read)


@pytest.mark.parametrize("item", ["a/b,", ",", ";", '"', "a/b;q=0,", "*/*;", "text/html;q=1;", " "])
def test_an_accept_header_is_read_in_linear_time(item: str) -> None:
    assert_linear(lambda n: item * n, lambda value: accepts(value, "application/json", "text/html"))


@pytest.mark.parametrize(
    "item", ["for=10.0.0.1,", "for=10.0.0.1;", '"', "\\", 'for="', ",", "for=10.0.0.1;proto=x,"]
)
def test_forwarded_is_read_in_linear_time(item: str) -> None:
    proxies = parse_networks(["10.0.0.0/8"])

    def tell(headers: Headers) -> None:
        forwarded_for(headers, "10.0.0.1", proxies)

    assert_linear(lambda n: Headers([(b"forwarded", (item * n).encode())]), tell)


@pytest.mark.parametrize("item", [b"a=1&", b"%", b"%41", b"%26", b"+", b"=", b"\xc3", b"%c3", b"%zz&"])
def test_a_query_is_read_in_linear_time(item: bytes) -> None:
    assert_linear(lambda n: item * n, lambda query: parse_query(query, limit=10_000_000))
