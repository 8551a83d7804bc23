"""Checklist 60: no header tells who is calling, until it is said which proxies write it; it is read from the right."""

from typing import Any, Dict, List, Optional, Sequence, Tuple

import pytest

from microframe import Application, Request, SetupError
from microframe.testing import TestClient

PEER = "203.0.113.7"
PROXY = "10.0.0.1"
TOLD: List[Dict[str, str]] = [
    {"X-Forwarded-For": "9.9.9.9"},
    {"X-Forwarded-Proto": "https"},
    {"X-Forwarded-Host": "evil.test"},
    {"Forwarded": "for=9.9.9.9;proto=https;host=evil.test"},
    {"X-Real-IP": "9.9.9.9"},
    {"X-Client-IP": "9.9.9.9"},
    {"True-Client-IP": "9.9.9.9"},
    {"CF-Connecting-IP": "9.9.9.9"},
    {"X-Forwarded-Scheme": "https"},
    {"X-Forwarded-Ssl": "on"},
    {"X-Forwarded-Port": "443"},
    {"X-Forwarded-Server": "evil.test"},
    {"X-Forwarded-Prefix": "/evil"},
    {"X-Original-URL": "/admin"},
    {"X-Rewrite-URL": "/admin"},
    {"X-Host": "evil.test"},
    {"X-HTTP-Method-Override": "DELETE"},
    {"X-Method-Override": "DELETE"},
    {"Via": "1.1 evil.test"},
]


def seen(headers: Any, peer: str = PEER, trusted: Sequence[str] = ()) -> List[Any]:
    """The client, the URL and the method as a handler sees them."""
    app = Application(trusted_proxies=list(trusted))

    @app.get("/")
    async def show(request: Request) -> List[Any]:
        client = request.client
        return [client.host if client else None, str(request.url), request.method]

    found: List[Any] = TestClient(app, client=(peer, 5000)).get("/", headers=headers).json()
    return found


def underlined(name: str) -> str:
    return name.replace("-", "_")


@pytest.mark.parametrize("headers", TOLD, ids=lambda one: next(iter(one)))
@pytest.mark.parametrize("peer", [PEER, "127.0.0.1", "::1", PROXY, "192.168.1.1"])
def test_nothing_that_is_told_is_believed_by_default(headers: Dict[str, str], peer: str) -> None:
    assert seen(headers, peer) == [peer, "http://testserver/", "GET"]


@pytest.mark.parametrize("headers", TOLD, ids=lambda one: next(iter(one)))
def test_nothing_is_believed_of_who_is_no_proxy(headers: Dict[str, str]) -> None:
    assert seen(headers, PEER, ["10.0.0.0/8"]) == [PEER, "http://testserver/", "GET"]


@pytest.mark.parametrize("headers", TOLD, ids=lambda one: next(iter(one)))
def test_what_is_written_with_underscores_is_nothing(headers: Dict[str, str]) -> None:
    written = {underlined(name): value for name, value in headers.items() if "-" in name}
    assert seen(written, PROXY, ["10.0.0.0/8"]) == [PROXY, "http://testserver/", "GET"]


# What trusted proxies have written, from the left to the right, and whom it means.
CHAINS: List[Tuple[str, Optional[str]]] = [
    ("203.0.113.7", "203.0.113.7"),
    ("9.9.9.9, 203.0.113.7", "203.0.113.7"),
    ("9.9.9.9, 8.8.8.8, 203.0.113.7", "203.0.113.7"),
    ("9.9.9.9,203.0.113.7,10.0.0.2", "203.0.113.7"),
    ("203.0.113.7, 10.0.0.3, 10.0.0.2", "203.0.113.7"),
    ("10.0.0.9, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
    ("10.0.0.9, 10.0.0.8", "10.0.0.9"),
    ("203.0.113.7:4711", "203.0.113.7"),
    ("[2001:db8::1]", "2001:db8::1"),
    ("[2001:db8::1]:4711", "2001:db8::1"),
    ("2001:DB8:0::1", "2001:db8::1"),
    ("::ffff:203.0.113.7", "203.0.113.7"),
    ("fe80::1%eth0", "fe80::1"),
    ("unknown", None),
    ("_hidden", None),
    ("", None),
    (",", None),
    ("203.0.113.7, garbage", None),
    ("203.0.113.7, garbage, 10.0.0.2", "10.0.0.2"),
    ("203.0.113.07", None),
    ("2130706433", None),
    ("0x7f.1", None),
    ("203.0.113.7; DROP TABLE", None),
    ("<script>", None),
]


@pytest.mark.parametrize(("chain", "client"), CHAINS, ids=range(len(CHAINS)))
def test_a_chain_is_read_from_the_right_until_somebody_is_no_proxy(chain: str, client: Optional[str]) -> None:
    trusted = ["10.0.0.0/8"]
    assert seen({"X-Forwarded-For": chain}, PROXY, trusted)[0] == (client or PROXY)


FORWARDED: List[Tuple[str, Optional[str], str]] = [
    ("for=203.0.113.7", "203.0.113.7", "http://testserver/"),
    ("for=203.0.113.7;proto=https", "203.0.113.7", "https://testserver/"),
    ("for=203.0.113.7;proto=https;host=example.com", "203.0.113.7", "https://example.com/"),
    ("FOR=203.0.113.7;Proto=HTTPS", "203.0.113.7", "https://testserver/"),
    ('for="[2001:db8::1]:4711"', "2001:db8::1", "http://testserver/"),
    ("for=9.9.9.9;proto=https, for=203.0.113.7", "203.0.113.7", "http://testserver/"),
    ("for=9.9.9.9, for=203.0.113.7;proto=https, for=10.0.0.2", "203.0.113.7", "https://testserver/"),
    ("for=_secret", None, "http://testserver/"),
    ("for=203.0.113.7;proto=javascript", "203.0.113.7", "http://testserver/"),
    ('for=203.0.113.7;host="evil.test/path"', "203.0.113.7", "http://testserver/"),
    ("for=203.0.113.7;host=evil.test/path", None, "http://testserver/"),
    ('for=203.0.113.7;host="a@b"', "203.0.113.7", "http://testserver/"),
    ('for="203.0.113.7', None, "http://testserver/"),
    (";;;", None, "http://testserver/"),
]


@pytest.mark.parametrize(("value", "client", "url"), FORWARDED, ids=range(len(FORWARDED)))
def test_the_standard_header_is_read_in_the_same_way(value: str, client: Optional[str], url: str) -> None:
    assert seen({"Forwarded": value}, PROXY, ["10.0.0.0/8"])[:2] == [client or PROXY, url]


def test_where_both_kinds_are_there_only_what_both_say_is_believed() -> None:
    headers = {"Forwarded": "for=203.0.113.7;proto=https", "X-Forwarded-For": "203.0.113.7"}
    assert seen(headers, PROXY, ["10.0.0.0/8"])[0] == "203.0.113.7"
    forged = {"Forwarded": "for=9.9.9.9", "X-Forwarded-For": "203.0.113.7"}
    assert seen(forged, PROXY, ["10.0.0.0/8"])[0] == PROXY


@pytest.mark.parametrize("network", ["10.0.0.0/8", "10.0.0.1", "10.0.0.1/32", "::ffff:10.0.0.0/104"])
def test_proxies_are_named_by_address_or_network(network: str) -> None:
    assert seen({"X-Forwarded-For": PEER}, PROXY, [network])[0] == PEER


@pytest.mark.parametrize("network", ["10.0.0.1/8", "10.0.0", "proxy.internal", "10.0.0.0/33", "", "0x7f.1"])
def test_what_is_no_network_stops_the_program(network: str) -> None:
    with pytest.raises(SetupError, match="trusted"):
        Application(trusted_proxies=[network])


def test_the_whole_internet_is_trusted_by_nobody_who_is_strict() -> None:
    with pytest.raises(SetupError, match="trusted_proxies"):
        Application(trusted_proxies=["0.0.0.0/0"], strict=True)
