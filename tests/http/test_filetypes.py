"""Filetypes: a name's ending says what a file is, whatever the machine believes."""

import mimetypes

import pytest

from microframe.http.filetypes import media_type_of


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("app.js", "text/javascript"),
        ("app.MJS", "text/javascript"),
        ("style.css", "text/css"),
        ("logo.svg", "image/svg+xml"),
        ("a.b/c.json", "application/json"),
        ("font.woff2", "font/woff2"),
        ("module.wasm", "application/wasm"),
        ("archive.tar.gz", "application/gzip"),
        ("page.html.gz", "application/gzip"),
        ("letter.ps", "application/postscript"),
        ("README", "application/octet-stream"),
        (".env", "application/octet-stream"),
        ("a.", "application/octet-stream"),
        ("a.unknown", "application/octet-stream"),
        ("a." + "x" * 1000, "application/octet-stream"),
    ],
)
def test_a_name_says_its_media_type(name: str, media_type: str) -> None:
    assert media_type_of(name) == media_type


def test_the_machine_s_registry_changes_nothing() -> None:
    before = mimetypes.guess_type("a.js")[0]
    mimetypes.add_type("text/plain", ".js")
    mimetypes.add_type("text/html", ".harmless")
    try:
        assert media_type_of("a.js") == "text/javascript"
        assert media_type_of("a.harmless") == "application/octet-stream"
    finally:
        mimetypes.init()
        if before is not None:
            mimetypes.add_type(before, ".js")
