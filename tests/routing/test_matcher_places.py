"""The matcher at the borders of a path: mounts, encoded slashes, hosts."""

from typing import Dict, List, Optional

import pytest

from microframe.exceptions import SetupError
from microframe.routing.matcher import HostMatcher
from tests.routing.entries import matcher, path_of

# Mounts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mount", "path", "rest"),
    [
        ("/s", "/s", ""),
        ("/s", "/s/", "/"),
        ("/s", "/s/a/b", "/a/b"),
        ("/s", "/s//a", "//a"),
        ("/s", "/sa", None),
        ("/s", "/", None),
        ("/s/", "/s/a", "/a"),
        ("/", "/a/b", "/a/b"),
        ("/", "/", "/"),
        ("/", "", ""),
        ("/", "a", None),
        ("/s/t", "/s/t/a", "/a"),
        ("/s/t", "/s/a", None),
        ("/{x}", "/a/b", "/b"),
        ("/{x:int}", "/7/b", "/b"),
        ("/{x:int}", "/b/7", None),
        ("/{x}", "//b", None),
    ],
)
def test_a_mount_answers_below_its_path_on_a_boundary(mount: str, path: str, rest: Optional[str]) -> None:
    found = matcher(f"MOUNT {mount}").match("GET", path)
    assert (found and found[2]) == rest


def test_a_mount_gives_its_parameters() -> None:
    assert matcher("MOUNT /{t}/{n:int}").match("BREW", "/a/7/x") == (
        "MOUNT /{t}/{n:int}",
        {"t": "a", "n": 7},
        "/x",
    )


@pytest.mark.parametrize(
    ("routes", "path", "wins"),
    [
        (["GET /s/a", "MOUNT /s"], "/s/a", "/s/a"),
        (["GET /s/{x}", "MOUNT /s"], "/s/a", "/s/{x}"),
        (["GET /s/{x}", "MOUNT /s"], "/s/a/b", "/s"),
        (["GET /s", "MOUNT /s"], "/s", "/s"),
        (["POST /s/a", "MOUNT /s"], "/s/a", "/s"),
        (["GET /s/{rest:path}", "MOUNT /s"], "/s/a", "/s/{rest:path}"),
        (["MOUNT /s", "GET /{a}/{b}"], "/s/a", "/s"),
        (["MOUNT /s", "MOUNT /s/t"], "/s/t/a", "/s/t"),
        (["MOUNT /s", "MOUNT /"], "/s/a", "/s"),
        (["MOUNT /s", "MOUNT /"], "/t/a", "/"),
        (["MOUNT /{x}", "MOUNT /s"], "/s/a", "/s"),
    ],
)
def test_a_mount_is_the_last_to_be_asked_where_it_stands(routes: List[str], path: str, wins: str) -> None:
    for order in (routes, routes[::-1]):
        assert path_of(matcher(*order).match("GET", path)) == wins


def test_a_mount_is_asked_about_methods_that_no_route_has() -> None:
    routes = matcher("GET /s/a", "MOUNT /s")
    assert routes.match("POST", "/s/a") == ("MOUNT /s", {}, "/a")


# Encoded slashes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "path", "params"),
    [
        ("/{x}", "/a%2Fb", {"x": "a/b"}),
        ("/{x}", "/%2F", {"x": "/"}),
        ("/{x}/{y}", "/a%2Fb/100%25", {"x": "a/b", "y": "100%"}),
        ("/{x}", "/%252F%2F", {"x": "%2F/"}),
        ("/{x}", "/a/b%2F", None),
        ("/f/{rest:path}", "/f/a%2Fb/c", {"rest": "a/b/c"}),
        ("/100%/{x}", "/100%25/a%2Fb", {"x": "a/b"}),
        ("/100%25/{x}", "/100%25/a%2Fb", None),
        ("/{n:int}", "/1%2F2", None),
        ("/{a}.{b}", "/a%2F.%25", {"a": "a/", "b": "%"}),
        ("/a/b", "/a%2Fb", None),
        ("/a%2Fb", "/a%2Fb", None),
        ("/%2F", "/%2F", None),
        ("/", "/%2F", None),
        ("/a/", "/a%2F", None),
    ],
)
def test_an_encoded_slash_never_splits(pattern: str, path: str, params: Optional[Dict[str, object]]) -> None:
    found = matcher(f"GET {pattern}").match("GET", path, escaped=True)
    assert (found and found[1]) == params


def test_text_that_looks_like_an_encoded_slash_is_only_text() -> None:
    routes = matcher("GET /a%2Fb", "GET /{x}")
    assert routes.match("GET", "/a%2Fb") == ("GET /a%2Fb", {}, None)
    assert routes.match("GET", "/a%2Fb", escaped=True) == ("GET /{x}", {"x": "a/b"}, None)
    assert routes.match("GET", "/c%2Fd") == ("GET /{x}", {"x": "c%2Fd"}, None)
    assert "/a%2Fb" not in routes.static


def test_a_mount_passes_an_encoded_slash_on_as_it_is() -> None:
    routes = matcher("MOUNT /{x}")
    assert routes.match("GET", "/a%2Fb/c%2Fd%25", escaped=True) == ("MOUNT /{x}", {"x": "a/b"}, "/c%2Fd%25")


def test_the_allowed_methods_of_an_escaped_path_are_its_own() -> None:
    routes = matcher("GET /{x}", "POST /{x}/{y}")
    assert routes.allowed("/a%2Fb", escaped=True) == {"GET"}
    assert routes.allowed("/a/b") == {"POST"}


# Hosts ------------------------------------------------------------------------------------------------------

AT_HOSTS = [
    "GET /a",
    "GET /{x}",
    "GET /a @api.example.com",
    "POST /a @api.example.com",
    "GET /a @{tenant}.example.com",
    "GET /{y} @{tenant}.example.com",
    "GET /n @v{n:int}.example.com",
    "MOUNT /m @{tenant}.example.com",
]


@pytest.mark.parametrize(
    ("host", "path", "wins", "params"),
    [
        ("api.example.com", "/a", "GET /a @api.example.com", {}),
        ("API.Example.COM", "/a", "GET /a @api.example.com", {}),
        ("api.example.com", "/b", "GET /{y} @{tenant}.example.com", {"tenant": "api", "y": "b"}),
        ("acme.example.com", "/a", "GET /a @{tenant}.example.com", {"tenant": "acme"}),
        ("v2.example.com", "/n", "GET /n @v{n:int}.example.com", {"n": 2}),
        ("vx.example.com", "/n", "GET /{y} @{tenant}.example.com", {"tenant": "vx", "y": "n"}),
        ("acme.example.com", "/m/x", "MOUNT /m @{tenant}.example.com", {"tenant": "acme"}),
        ("a.b.example.com", "/a", "GET /a", {}),
        ("example.com", "/b", "GET /{x}", {"x": "b"}),
        ("evilexample.com", "/a", "GET /a", {}),
        (".example.com", "/a", "GET /a", {}),
        ("", "/a", "GET /a", {}),
    ],
)
def test_routes_of_the_host_come_before_those_of_every_host(
    host: str, path: str, wins: str, params: Dict[str, object]
) -> None:
    for order in (AT_HOSTS, AT_HOSTS[::-1]):
        found = matcher(*order).match("GET", path, host=host)
        assert found is not None
        assert found[:2] == (wins, params)


def test_the_allowed_methods_are_those_of_every_host_that_fits() -> None:
    routes = matcher(*AT_HOSTS, "PUT /a")
    assert routes.allowed("/a", host="api.example.com") == {"GET", "POST", "PUT"}
    assert routes.allowed("/a", host="acme.example.com") == {"GET", "PUT"}


def test_no_path_is_static_where_hosts_differ() -> None:
    routes = matcher(*AT_HOSTS)
    assert isinstance(routes, HostMatcher)
    assert routes.static == {}
    assert not isinstance(matcher("GET /a"), HostMatcher)


@pytest.mark.parametrize(
    ("routes", "message"),
    [
        (["GET /{x} @{x}.example.com"], "both have 'x'"),
        (["GET /a @{x}.example.com", "GET /b @{y}.example.com"], "hosts {x}.*{y}.*are equal"),
        (["GET /a @API.example.com", "GET /a @api.example.com"], "two equal routes"),
        (["GET /a @{x}.example.com", "GET /a @{x}.EXAMPLE.com"], "two equal routes"),
    ],
)
def test_hosts_and_paths_that_do_not_go_together_are_setup_errors(routes: List[str], message: str) -> None:
    with pytest.raises(SetupError, match=message):
        matcher(*routes)
