"""Case 4 (CVE-2026-3902): a header with underscores is not the one with hyphens."""

import pytest

from microframe.http.client import Forwarding, forwarded_for, parse_networks
from microframe.http.headers import Headers


@pytest.mark.parametrize("name", [b"x_real_ip", b"x_real-ip", b"x-real_ip"])
def test_underscores_never_answer_for_hyphens(name: bytes) -> None:
    headers = Headers([(name, b"9.9.9.9")])
    assert headers.get("x-real-ip") is None
    assert "X-Real-IP" not in headers
    assert headers.getlist("x-real-ip") == []
    assert headers.get(name.decode()) == "9.9.9.9"


def test_underscores_never_tell_a_client_s_address() -> None:
    headers = Headers([(b"x_forwarded_for", b"9.9.9.9"), (b"x_forwarded_proto", b"https")])
    assert forwarded_for(headers, "127.0.0.1", parse_networks(["*"])) == Forwarding(None, None, None)
