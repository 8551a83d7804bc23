"""Case 34 (CVE-2026-33033), case 35 for forms: nothing in a form is decoded because somebody says so."""

import gzip

from tests.forms import multipart, part
from tests.http.test_forms import read
from tests.scopes import call
from tests.security.form_readers import IS_MULTIPART, IS_URLENCODED, build


async def test_a_transfer_encoding_means_nothing() -> None:
    for encoding in ("base64", "quoted-printable", "8bit", "x-unknown"):
        body = multipart(
            part("a", "YQ==", f"Content-Transfer-Encoding: {encoding}"),
            part("f", ("x", b"=61"), f"Content-Transfer-Encoding: {encoding}"),
        )
        assert await read(body) == [("a", "YQ=="), ("f", ("x", b"=61"))]


async def test_a_compressed_form_is_no_form() -> None:
    app = build()
    packed = ("content-encoding", "gzip")
    body = gzip.compress(multipart(("a", "1" * 1_000_000)))
    exchange = await call(app, "/data", IS_MULTIPART, packed, method="POST", body=[body])
    assert exchange.status == 400
    exchange = await call(
        app, "/fields", IS_URLENCODED, packed, method="POST", body=[gzip.compress(b"a=" + b"1" * 1_000)]
    )
    assert (exchange.status, exchange.json) == (200, 0)


async def test_a_field_named_charset_is_a_field() -> None:
    body = multipart(("_charset_", "utf-16"), ("a", "é"))
    assert await read(body) == [("_charset_", "utf-16"), ("a", "é")]
