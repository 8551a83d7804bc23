"""Case 29 (CVE-2026-42561), case 28 for forms: the headers of a part are few and short."""

from typing import Iterator

import pytest

from tests.forms import multipart, part
from tests.scopes import call
from tests.security.form_readers import FIELD, IS_MULTIPART, OPENING, STREAMED, WHOLE, build


@pytest.mark.parametrize("path", WHOLE + STREAMED)
async def test_ten_thousand_headers_are_refused(path: str) -> None:
    def headers() -> Iterator[bytes]:
        yield OPENING
        for _ in range(10_000):
            yield b"X-A: 1\r\n"
        yield FIELD

    exchange = await call(build(), path, IS_MULTIPART, method="POST", body=headers())
    assert (exchange.status, exchange.json["code"]) == (400, "malformed_form")
    assert exchange.taken < 20


@pytest.mark.parametrize("path", WHOLE + STREAMED)
@pytest.mark.parametrize("piece", [b"a" * 1000, b"a: b" * 250, b" " * 1000])
async def test_a_header_of_a_megabyte_is_refused(path: str, piece: bytes) -> None:
    def header() -> Iterator[bytes]:
        yield OPENING
        for _ in range(1_000):
            yield piece

    exchange = await call(build(), path, IS_MULTIPART, method="POST", body=header())
    assert (exchange.status, exchange.json["code"]) == (400, "malformed_form")
    assert exchange.taken < 10


@pytest.mark.parametrize(
    "disposition",
    [
        "form-data; " + 'a="' + '\\"' * 1900,
        "form-data;" + ";" * 4000,
        'form-data; name="' + ";" * 4000 + '"',
        "form-data; " + 'a="b";' * 600,
        "form-data; name=a; " + "x" * 4000,
        "form-data; filename*0*=UTF-8''x; name=a",
        "form-data; name*=UTF-8''a",
    ],
    ids=["escapes", "semicolons", "semicolons in quotes", "repeated", "no value", "continued", "extended"],
)
async def test_odd_parameters_are_refused_or_read(disposition: str) -> None:
    body = multipart(f"Content-Disposition: {disposition}\r\n\r\n1".encode())
    assert (await call(build(), "/data", IS_MULTIPART, method="POST", body=[body])).status in (200, 400)


async def test_the_name_of_a_field_is_bounded_by_its_header() -> None:
    body = multipart(part("a" * 5000, "1"))
    assert (await call(build(), "/data", IS_MULTIPART, method="POST", body=[body])).status == 400
