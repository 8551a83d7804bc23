"""Client addresses: one spelling each, and proxies believed only as far as they are trusted."""

from typing import Dict, List, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.http.client import Address, Forwarding, canonical_ip, forwarded_for, parse_networks
from microframe.http.headers import Headers

PROXIES = parse_networks(["10.0.0.0/8", "fd00::/8"])
PEER = "10.0.0.1"
VISIBLE = st.characters(min_codepoint=32, max_codepoint=126)
NOTHING = Forwarding(None, None, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("::1", "::1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("::FFFF:102:304", "1.2.3.4"),
        ("0:0:0:0:0:ffff:1.2.3.4", "1.2.3.4"),
        ("fe80::1%eth0", "fe80::1"),
        ("", None),
        ("localhost", None),
        ("1.2.3", None),
        ("1.2.3.256", None),
        ("01.2.3.4", None),
        ("0x7f.0.0.1", None),
        ("2130706433", None),
        ("1.2.3.4 ", None),
        ("1.2.3.4\n", None),
        ("1.2.3.4/8", None),
        ("1.2.3.4%a", None),
        ("fe80::1%", None),
        ("[::1]", None),
        ("\u0661.2.3.4", None),
        ("1" * 100, None),
    ],
)
def test_an_address_has_one_spelling(text: str, expected: Optional[str]) -> None:
    assert canonical_ip(text) == expected


@given(st.ip_addresses())
def test_a_spelling_that_is_canonical_stays(address: object) -> None:
    found = canonical_ip(str(address))
    assert found is not None
    assert canonical_ip(found) == found


def test_networks_hold_addresses_in_any_spelling() -> None:
    networks = parse_networks(["10.0.0.0/8", " 127.0.0.1 ", "fd00::/8", "::ffff:192.0.2.0/120"])
    for host in ("10.1.2.3", "::ffff:10.1.2.3", "127.0.0.1", "fd00::1", "FD00:0::1", "192.0.2.9"):
        assert networks.contains(host)
    for host in ("11.0.0.1", "127.0.0.2", "fe80::1", "", "testclient", "10.0.0.1\n", "a" * 100):
        assert not networks.contains(host)


def test_no_networks_are_false() -> None:
    assert not parse_networks([])
    assert not parse_networks([]).contains("127.0.0.1")
    assert parse_networks(["*"])
    assert parse_networks(["127.0.0.1"])


def test_a_star_stands_for_direct_peers_only() -> None:
    everyone = parse_networks(["*"])
    assert everyone.contains("1.2.3.4")
    assert everyone.contains("")
    assert not everyone.lists("1.2.3.4")
    assert repr(parse_networks(["*", "10.0.0.0/8"])) == "Networks(*, 10.0.0.0/8)"


@pytest.mark.parametrize("text", ["", "10.0.0.1/8", "10.0.0.0/33", "localhost", "10.*", "10.0.0.0-10.0.0.9"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"network|host bits"):
        parse_networks([text])


def test_one_text_instead_of_a_list_is_refused() -> None:
    with pytest.raises(TypeError, match="list"):
        parse_networks("10.0.0.0/8")


def told(headers: Dict[str, str], peer: str = PEER) -> Forwarding:
    return forwarded_for(Headers.of(headers), peer, PROXIES)


def test_an_untrusted_peer_tells_nothing() -> None:
    headers = {"x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https", "forwarded": "for=1.2.3.4"}
    assert told(headers, peer="11.0.0.1") == NOTHING
    assert told(headers, peer="testclient") == NOTHING
    assert forwarded_for(Headers.of(headers), PEER, parse_networks([])) == NOTHING


def test_a_trusted_peer_that_tells_nothing_tells_nothing() -> None:
    assert told({}) == NOTHING
    assert told({"accept": "*/*"}) == NOTHING


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("1.2.3.4", ("1.2.3.4", 0)),
        ("6.6.6.6, 1.2.3.4", ("1.2.3.4", 0)),
        ("6.6.6.6, 1.2.3.4, 10.0.0.2", ("1.2.3.4", 0)),
        ("10.9.9.9, 1.2.3.4, ::ffff:10.0.0.2, fd00::5", ("1.2.3.4", 0)),
        ("10.0.0.3, 10.0.0.2", ("10.0.0.3", 0)),
        ("1.2.3.4:5678", ("1.2.3.4", 5678)),
        ("[2001:db8::1]:5678", ("2001:db8::1", 5678)),
        ("[2001:db8::1]", ("2001:db8::1", 0)),
        ("2001:DB8::1", ("2001:db8::1", 0)),
        ("1.2.3.4, garbage, 10.0.0.2", ("10.0.0.2", 0)),
        ("1.2.3.4, , 10.0.0.2", ("10.0.0.2", 0)),
        ("1.2.3.4,", None),
        ("garbage", None),
        ("unknown", None),
        ("1.2.3.4:x", None),
        ("1.2.3.4:123456", None),
        ("[::1", None),
        ("::1]:80", None),
        ("1.2.3.4\t;", None),
    ],
)
def test_the_first_untrusted_address_from_the_right_is_the_client(
    chain: str, client: Optional[Tuple[str, int]]
) -> None:
    expected = None if client is None else Address(*client)
    assert told({"x-forwarded-for": chain}).client == expected


def test_several_lines_are_one_list() -> None:
    headers = Headers.of([("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "5.6.7.8, 10.0.0.2")])
    assert forwarded_for(headers, PEER, PROXIES).client == Address("5.6.7.8", 0)


def test_behind_any_peer_the_last_address_is_the_client() -> None:
    headers = Headers.of({"x-forwarded-for": "6.6.6.6, 1.2.3.4"})
    assert forwarded_for(headers, "203.0.113.1", parse_networks(["*"])).client == Address("1.2.3.4", 0)


@pytest.mark.parametrize(
    ("headers", "scheme", "host"),
    [
        ({"x-forwarded-proto": "https"}, "https", None),
        ({"x-forwarded-proto": "HTTPS", "x-forwarded-host": "Example.com"}, "https", "example.com"),
        ({"x-forwarded-proto": "gopher", "x-forwarded-host": "a/b"}, None, None),
        ({"x-forwarded-proto": "", "x-forwarded-host": ""}, None, None),
        ({"x-forwarded-for": "1.2.3.4, 10.0.0.2", "x-forwarded-proto": "https, http"}, "https", None),
        ({"x-forwarded-for": "6.6.6.6, 1.2.3.4", "x-forwarded-proto": "https, http"}, "http", None),
        ({"x-forwarded-for": "1.2.3.4, 10.0.0.2", "x-forwarded-proto": "https"}, "https", None),
        ({"x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https, http"}, "http", None),
        ({"x-forwarded-for": "1.2.3.4", "x-forwarded-host": "evil.com, good.com"}, None, "good.com"),
    ],
)
def test_scheme_and_host_belong_to_the_hop_that_is_believed(
    headers: Dict[str, str], scheme: Optional[str], host: Optional[str]
) -> None:
    found = told(headers)
    assert (found.scheme, found.host) == (scheme, host)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("for=1.2.3.4;proto=https;host=example.com", (("1.2.3.4", 0), "https", "example.com")),
        ('For="[2001:db8::1]:80";Proto=HTTP', (("2001:db8::1", 80), "http", None)),
        ('for="1.2.3.4:80"', (("1.2.3.4", 80), None, None)),
        ("for=6.6.6.6;host=evil.com, for=1.2.3.4;proto=https", (("1.2.3.4", 0), "https", None)),
        ("for=1.2.3.4;proto=https, for=10.0.0.2;proto=http", (("1.2.3.4", 0), "https", None)),
        ("for=1.2.3.4, for=unknown;proto=https, for=10.0.0.2", (("10.0.0.2", 0), "https", None)),
        ("for=1.2.3.4, for=_hidden", (None, None, None)),
        ("for=1.2.3.4, garbage", (None, None, None)),
        ('for=1.2.3.4, for="', (None, None, None)),
        ("for=1.2.3.4;for=5.6.7.8", (None, None, None)),
        ("by=10.0.0.1;proto=https", (None, "https", None)),
        ('for=1.2.3.4;host="a/b";proto=javascript', (("1.2.3.4", 0), None, None)),
        ("", (None, None, None)),
    ],
)
def test_the_standard_header_is_read_from_the_right(
    value: str, expected: Tuple[Optional[Tuple[str, int]], Optional[str], Optional[str]]
) -> None:
    client, scheme, host = expected
    assert told({"forwarded": value}) == (client and Address(*client), scheme, host)


def test_of_both_kinds_of_header_only_what_both_say_is_believed() -> None:
    both = {"x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https"}
    assert told({**both, "forwarded": "for=1.2.3.4;proto=https"}) == (Address("1.2.3.4", 0), "https", None)
    assert told({**both, "forwarded": "for=6.6.6.6;proto=https"}) == (None, "https", None)
    assert told({**both, "forwarded": "for=1.2.3.4;host=evil.com"}) == (Address("1.2.3.4", 0), None, None)


@given(st.lists(st.sampled_from(["1.2.3.4", "10.0.0.2", "for=6.6.6.6", ""])), st.text(VISIBLE))
def test_what_a_client_writes_itself_is_never_believed(written: List[str], noise: str) -> None:
    forged = ", ".join([*written, noise])
    for chain in (f"{forged}, 203.0.113.9", f"{forged}, 203.0.113.9, 10.0.0.2"):
        assert told({"x-forwarded-for": chain}).client == Address("203.0.113.9", 0)
    assert told({"forwarded": f"{forged}, for=203.0.113.9"}).client == Address("203.0.113.9", 0)
