"""Case 23 (CVE-2023-30798, CVE-2023-25577): a form has a number of parts, and is read no further."""

import tracemalloc
from typing import Iterator

import pytest

from microframe import AppConfig
from tests.scopes import call
from tests.security.form_readers import FIELD, IS_MULTIPART, IS_URLENCODED, OPENING, STREAMED, WHOLE, build

MANY = 100_000


def small_parts() -> Iterator[bytes]:
    for _ in range(MANY):
        yield OPENING + FIELD + b"1\r\n"


@pytest.mark.parametrize("path", WHOLE + STREAMED)
async def test_very_many_parts_are_refused_at_the_limit(path: str) -> None:
    assert AppConfig().max_form_parts == 1_000
    app = build(max_body_size=10**9)
    await call(app, path, IS_MULTIPART, method="POST", body=[OPENING + FIELD + b"1\r\n"])
    tracemalloc.start()
    try:
        exchange = await call(app, path, IS_MULTIPART, method="POST", body=small_parts())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (exchange.status, exchange.json["code"]) == (413, "too_many_form_parts")
    assert exchange.taken <= 1_002
    assert peak < 5_000_000


@pytest.mark.parametrize("path", [path for path in WHOLE if path != "/bytes"])
async def test_so_are_very_many_urlencoded_fields(path: str) -> None:
    exchange = await call(build(), path, IS_URLENCODED, method="POST", body=[b"a=1&" * MANY])
    assert (exchange.status, exchange.json["code"]) == (413, "too_many_form_parts")


async def test_very_many_files_are_refused_earlier() -> None:
    def files() -> Iterator[bytes]:
        for number in range(MANY):
            yield OPENING + b'Content-Disposition: form-data; name="f"; filename="%d"\r\n\r\n1\r\n' % number

    assert AppConfig().max_form_files == 100
    for path in ("/data", "/skipped"):
        exchange = await call(build(), path, IS_MULTIPART, method="POST", body=files())
        assert (exchange.status, exchange.json["code"]) == (413, "too_many_files")
        assert exchange.taken <= 102
