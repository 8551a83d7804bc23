"""Case 4 (CVE-2026-3902): in a WSGI environment, too, underscores never answer for hyphens."""

import pytest

from microframe.http.headers import RawHeaders
from microframe.wsgi import headers_of


@pytest.mark.parametrize("name", [b"x_forwarded_for", b"x-forwarded_for", b"x_forwarded-for"])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_header_with_underscores_is_left_out(name: bytes, is_first: bool) -> None:
    assert headers_of([(name, b"9.9.9.9")]) == {}
    raw: RawHeaders = [(b"x-forwarded-for", b"1.2.3.4"), (name, b"9.9.9.9")]
    assert headers_of(raw if is_first else raw[::-1]) == {"HTTP_X_FORWARDED_FOR": "1.2.3.4"}


@pytest.mark.parametrize("name", [b"content_type", b"content_length", b"proxy", b"transfer-encoding"])
def test_what_would_mean_something_to_the_program_is_left_out(name: bytes) -> None:
    # HTTP_PROXY is what programs take for the proxy to use (CVE-2016-5385).
    assert headers_of([(name, b"evil.test")]) == {}


def test_a_header_cannot_take_the_place_of_what_the_server_says() -> None:
    raw: RawHeaders = [(b"remote-addr", b"9.9.9.9"), (b"script-name", b"/x"), (b"wsgi.input", b"x")]
    assert headers_of(raw) == {
        "HTTP_REMOTE_ADDR": "9.9.9.9",
        "HTTP_SCRIPT_NAME": "/x",
        "HTTP_WSGI.INPUT": "x",
    }
