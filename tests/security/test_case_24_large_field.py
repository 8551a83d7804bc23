"""Case 24 (CVE-2024-47874): a field that is no file has a size, and is never kept beyond it."""

import tracemalloc
from typing import Iterator

import pytest

from microframe import AppConfig
from tests.scopes import call
from tests.security.form_readers import FIELD, FILE, IS_MULTIPART, IS_URLENCODED, OPENING, WHOLE, build

PIECE = b"a" * 64 * 1024


def endless(head: bytes) -> Iterator[bytes]:
    yield head
    for _ in range(16 * 1024):
        yield PIECE


@pytest.mark.parametrize("path", [*WHOLE, "/texts"])
async def test_a_field_of_a_gigabyte_is_refused_at_one_megabyte(path: str) -> None:
    assert AppConfig().max_form_field_size == 1_048_576
    app = build(max_body_size=10**10)
    tracemalloc.start()
    try:
        exchange = await call(app, path, IS_MULTIPART, method="POST", body=endless(OPENING + FIELD))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (exchange.status, exchange.json["code"]) == (413, "form_field_too_large")
    assert exchange.taken <= 20
    assert peak < 8_000_000


@pytest.mark.parametrize("path", [path for path in WHOLE if path != "/bytes"])
async def test_an_urlencoded_form_is_refused_at_what_may_be_in_memory(path: str) -> None:
    app = build(max_body_size=10**10, max_form_memory=500_000)
    exchange = await call(app, path, IS_URLENCODED, method="POST", body=endless(b"a="))
    assert (exchange.status, exchange.json["code"]) == (413, "form_too_large")
    assert exchange.taken <= 11


async def test_many_fields_within_the_limit_are_refused_together() -> None:
    def fields() -> Iterator[bytes]:
        for _ in range(1000):
            yield OPENING + FIELD + b"a" * 100_000 + b"\r\n"

    app = build(max_body_size=10**10, max_form_memory=1_000_000)
    exchange = await call(app, "/data", IS_MULTIPART, method="POST", body=fields())
    assert (exchange.status, exchange.json["code"]) == (413, "form_too_large")
    assert exchange.taken <= 12


async def test_a_file_is_not_kept_in_memory() -> None:
    app = build(max_body_size=10**10)

    def file() -> Iterator[bytes]:
        yield OPENING + FILE
        for _ in range(400):
            yield PIECE

    async def upload() -> int:
        tracemalloc.start()
        try:
            exchange = await call(app, "/fields", IS_MULTIPART, method="POST", body=file())
            assert exchange.status == 400  # it has no end
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    await upload()
    assert await upload() < 6_000_000
