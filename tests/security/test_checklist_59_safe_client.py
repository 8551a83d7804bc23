"""Checklist 59: an address that somebody has given leads to the internet, or nowhere, however it is written."""

import asyncio
from typing import Dict, List, Sequence

import pytest

from microframe.client import ClientError, RefusedURL, SafeHTTPClient
from microframe.client.addresses import is_public, parse_address
from microframe.client.destination import addresses_of, is_disguised, read_destination

HTTPS = frozenset(["https"])
USUAL = frozenset([443])


class Names:
    """A DNS that says what it is told, and counts how often it is asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: List[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        found = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if not found:
            raise OSError("no such name")
        return found


INSIDE = [
    *("127.0.0.1", "127.0.0.2", "127.255.255.254", "127.1", "127.0.1", "0", "0.0.0.0", "0x7f.1", "0x7f000001"),
    *("2130706433", "017700000001", "0177.0.0.1", "0x7f.0x0.0x0.0x1", "127.0.0.1.", "0127.0.0.1", "4294967295"),
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "100.64.0.1", "100.127.255.255"),
    *("192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1"),
    *("255.255.255.255", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *("[::127.0.0.1]", "[::ffff:8.8.8.8]"),
    *("[64:ff9b::7f00:1]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2001::1]", "[2001:db8::1]"),
    *("[3fff::1]", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "[100::1]", "[5f00::1]"),
]  # fmt: skip


@pytest.mark.parametrize("host", INSIDE)
async def test_no_spelling_of_an_address_inside_is_asked(host: str) -> None:
    async with SafeHTTPClient(resolver=Names(["8.8.8.8"])) as client:
        with pytest.raises(RefusedURL):
            await client.get(f"https://{host}/")


def test_there_are_more_than_forty_spellings() -> None:
    assert len(set(INSIDE)) > 40


@pytest.mark.parametrize("address", [one.strip("[]") for one in INSIDE if parse_address(one.strip("[]"))])
async def test_a_name_that_has_such_an_address_is_not_asked(address: str) -> None:
    for answer in ([address], ["8.8.8.8", address], [address, "2606:4700::1111"], [f"{address}%eth0"]):
        names = Names(answer)
        async with SafeHTTPClient(resolver=names) as client:
            with pytest.raises(RefusedURL, match=r"hooks\.example is not asked"):
                await client.get("https://hooks.example/")
        assert names.asked == ["hooks.example"]


@pytest.mark.parametrize(
    "text",
    ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.32.0.1", "2606:4700::1111", "2a00::1"],
)
def test_an_address_on_the_internet_is_one(text: str) -> None:
    address = parse_address(text)
    assert address is not None
    assert is_public(address)


WRITTEN = [
    *("http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "javascript:1"),
    *("https:example.com", "https:/example.com", "https:///example.com", "//example.com/", "/x", "", "example.com"),
    *("https://user@example.com/", "https://user:x@example.com/", "https://example.com:80/", "https://example.com:22/"),
    *("https://example.com:0/", "https://example.com:99999/", "https://example.com:x/", "https://example.com\\@evil/"),
    *("https://exa mple.com/", "https://example.com/a b", "https://example.com/\r\nX: 1", "https://example.com/\x00"),
    *("https://ex%61mple.com/", "https://exämple.com/", "https://①②⑦.⓪.⓪.①/", "https://example。com/", "https://[::1/"),
    *("https://[fe80::1%25eth0]/", "https://example.com\t/", "data:,x", "https://a@b@example.com/"),
    *("https://.example.com/", "https://a..b/"),
    "https://example.com/" + "x" * 9_000,
]  # fmt: skip


@pytest.mark.parametrize("url", WRITTEN, ids=range(len(WRITTEN)))
async def test_a_url_that_is_not_plain_is_not_asked(url: str) -> None:
    names = Names(["8.8.8.8"])
    async with SafeHTTPClient(resolver=names) as client:
        with pytest.raises(RefusedURL):
            await client.get(url)
    assert names.asked == []


@pytest.mark.parametrize("url", ["https://example.com#@evil.example/", "https://example.com?@evil.example/"])
def test_what_follows_the_host_is_no_other_host(url: str) -> None:
    assert read_destination(url, HTTPS, USUAL).host == "example.com"


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("1.2.3.4", False),
        ("1.2.3", True),
        ("example.com", False),
        ("7.example", False),
        ("a.1", True),
        ("a.0x1", True),
    ],
)
def test_what_ends_like_a_number_is_an_address_or_in_disguise(host: str, is_one: bool) -> None:
    assert is_disguised(host) is is_one


@pytest.mark.parametrize("answer", [[], ["nonsense"], ["8.8.8.8", "nonsense"], [""]])
async def test_a_name_without_addresses_is_not_asked(answer: Sequence[str]) -> None:
    destination = read_destination("https://hooks.example/", HTTPS, USUAL)
    with pytest.raises(ClientError):
        await addresses_of(destination, Names(answer), ())


async def test_the_names_of_the_system_are_looked_up_like_any_other() -> None:
    async with SafeHTTPClient() as client:
        for host in ("localhost", "LOCALHOST", "localhost."):
            with pytest.raises(RefusedURL):
                await client.get(f"https://{host}/")


def test_a_refusal_does_not_tell_what_was_found() -> None:
    said: Dict[str, str] = {}

    async def ask(address: str) -> None:
        async with SafeHTTPClient(resolver=Names([address])) as client:
            with pytest.raises(RefusedURL) as caught:
                await client.get("https://hooks.example/")
            said[address] = str(caught.value)

    for address in ("127.0.0.1", "10.1.2.3", "fd00::1"):
        asyncio.run(ask(address))
    assert len(set(said.values())) == 1
    assert not any(address in text for address, text in said.items())
