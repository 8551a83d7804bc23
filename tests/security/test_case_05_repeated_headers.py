"""Case 5 (CVE-2025-14550): repeated headers are joined in linear time."""

from functools import partial

import pytest

from microframe.http.client import forwarded_for, parse_networks
from microframe.http.cookies import parse_cookies
from microframe.http.headers import Headers, MutableHeaders
from tests.growth import assert_linear


def repeated(name: bytes, value: bytes, count: int) -> Headers:
    return Headers([(name, value)] * count)


def test_reading_a_repeated_header_is_linear() -> None:
    assert_linear(lambda n: repeated(b"cookie", b"a=1", n), lambda headers: headers.getlist("cookie"))
    assert_linear(lambda n: repeated(b"cookie", b"a=1", n), lambda headers: list(headers.items()))


def test_replacing_a_repeated_header_is_linear() -> None:
    def replace(headers: Headers) -> None:
        MutableHeaders(list(headers.raw))["cookie"] = "b=2"

    assert_linear(lambda n: repeated(b"cookie", b"a=1", n), replace)


def test_reading_many_cookies_is_linear() -> None:
    def same(count: int) -> str:
        return "; ".join(["a=1"] * count)

    def different(count: int) -> str:
        return "; ".join(f"a{number}=1" for number in range(count))

    assert_linear(same, parse_cookies)
    assert_linear(different, parse_cookies)


@pytest.mark.parametrize("name", [b"x-forwarded-for", b"forwarded", b"x-forwarded-host"])
@pytest.mark.parametrize("value", [b"10.0.0.1", b","])
def test_reading_many_hops_is_linear(name: bytes, value: bytes) -> None:
    proxies = parse_networks(["10.0.0.0/8"])

    def tell(headers: Headers) -> None:
        forwarded_for(headers, "10.0.0.1", proxies)

    assert_linear(partial(repeated, name, value), tell)
