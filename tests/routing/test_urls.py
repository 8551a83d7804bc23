"""URLs: from a route's name and parameters to a path that leads back to it."""

import re
from datetime import date
from typing import Any, Dict, Mapping
from urllib.parse import unquote
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from microframe.exceptions import MicroFrameException
from microframe.routing.converters import Converter, Converters
from microframe.routing.matcher import Entry, build_matcher
from microframe.routing.path import parse_path
from microframe.routing.urls import NoMatchFound, RouteNames, WrongParameters, build_path

CANONICAL = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"


def read_back(pattern: str, path: str) -> Dict[str, Any]:
    """The parameters of a request for this path, decoded as the edge decodes it."""
    escaped = "%2F" in path
    pieces = [unquote(piece) for piece in path.split("/")]
    if escaped:
        pieces = [piece.replace("%", "%25").replace("/", "%2F") for piece in pieces]
    found = build_matcher([Entry(parse_path(pattern), "it")]).match("GET", "/".join(pieces), escaped)
    assert found is not None, path
    return found[1]


# Paths ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "params", "path"),
    [
        ("/", {}, "/"),
        ("/a/", {}, "/a/"),
        ("/caf\u00e9/100% sure", {}, "/caf%C3%A9/100%25%20sure"),
        ("/{x}", {"x": "a"}, "/a"),
        ("/{x}", {"x": 3}, "/3"),
        ("/{x}", {"x": True}, "/true"),
        ("/{x}", {"x": "a/b"}, "/a%2Fb"),
        ("/{x}", {"x": "/evil.example"}, "/%2Fevil.example"),
        ("/{x}", {"x": "\\evil.example"}, "/%5Cevil.example"),
        ("/{x}", {"x": "a b?c#d%2F\u00e9"}, "/a%20b%3Fc%23d%252F%C3%A9"),
        ("/{x}", {"x": "a;b,c=d@e:f"}, "/a;b,c=d@e:f"),
        ("/{x}", {"x": "a\r\nb"}, "/a%0D%0Ab"),
        ("/{x}/", {"x": "..."}, "/.../"),
        ("/b/{n:int}/c", {"n": 7}, "/b/7/c"),
        ("/b/{n:int}/c", {"n": "007"}, "/b/007/c"),
        ("/{f:float}", {"f": 1e-7}, "/0.0000001"),
        ("/{u:uuid}", {"u": UUID(CANONICAL)}, f"/{CANONICAL}"),
        ("/{u:uuid}", {"u": CANONICAL.upper()}, f"/{CANONICAL.upper()}"),
        ("/{d:date}", {"d": date(2024, 2, 29)}, "/2024-02-29"),
        ("/f/{p:path}", {"p": "a/b c"}, "/f/a/b%20c"),
        ("/f/{p:path}", {"p": "/home/a"}, "/f//home/a"),
        ("/f/{p:path}", {"p": ""}, "/f/"),
        ("/{p:path}", {"p": "/evil.example/a"}, "/%2Fevil.example/a"),
        ("/@{user}/{name}.{kind}", {"user": "ann", "name": "a.tar", "kind": "gz"}, "/@ann/a.tar.gz"),
    ],
)
def test_values_are_written_into_a_path(pattern: str, params: Mapping[str, object], path: str) -> None:
    assert build_path(parse_path(pattern), params) == path


@pytest.mark.parametrize(
    ("pattern", "params", "message"),
    [
        ("/{x}", {}, "needs x"),
        ("/{x}/{y}/{z}", {"y": 1}, "needs x, z"),
        ("/{x}", {"x": 1, "limit": 5}, "takes x, not limit"),
        ("/a", {"x": 1, "y": 1}, "takes nothing, not x, y"),
        ("/{x}", {"x": None}, "x=None is no str .*NoneType has no text"),
        ("/{x}", {"x": ""}, "x='' is no str .*empty"),
        ("/{x}", {"x": ["a"]}, "is no str"),
        ("/{x}", {"x": b"a"}, "is no str"),
        ("/{x}", {"x": "\ud800"}, "is no str"),
        ("/{x}", {"x": "."}, "clients resolve"),
        ("/{x}", {"x": ".."}, "clients resolve"),
        ("/.{x}", {"x": "."}, "clients resolve"),
        ("/{p:path}", {"p": "a/../b"}, "clients resolve"),
        ("/{p:path}", {"p": None}, "is no path"),
        ("/{p:path}/raw", {"p": ""}, "p is empty, so a browser would read a host"),
        ("/{n:int}", {"n": "x"}, "n='x' is no int"),
        ("/{n:int}", {"n": -1}, "n=-1 is no int"),
        ("/{n:int}", {"n": True}, "n=True is no int"),
        ("/{n:int}", {"n": 1.5}, "n=1.5 is no int"),
        ("/{f:float}", {"f": -0.5}, "is no float"),
        ("/{f:float}", {"f": float("inf")}, "is no float"),
        ("/{f:float}", {"f": float("nan")}, "is no float"),
        ("/{f:float}", {"f": "1e5"}, "is no float"),
        ("/{u:uuid}", {"u": "7"}, "is no uuid"),
        ("/{d:date}", {"d": "2023-02-29"}, "is no date"),
        ("/{name}.{kind}", {"name": "a", "kind": "tar.gz"}, "'a.tar.gz' would not be read back as a, tar.gz"),
        ("/{n:int}-{x}", {"n": 1, "x": ""}, "empty"),
    ],
)
def test_what_would_not_be_read_back_is_refused(
    pattern: str, params: Mapping[str, object], message: str
) -> None:
    with pytest.raises(WrongParameters, match=re.escape(repr(pattern)) + ".*" + message):
        build_path(parse_path(pattern), params)


def test_an_own_converter_writes_its_values() -> None:
    converters = Converters()
    converters.add("hex", Converter(lambda text: int(text, 16), "{:x}".format, pattern="[0-9a-f]+"))
    pattern = parse_path("/{colour:hex}", converters)
    assert build_path(pattern, {"colour": 255}) == "/ff"
    with pytest.raises(WrongParameters, match="colour=-1 is no hex"):
        build_path(pattern, {"colour": -1})
    with pytest.raises(WrongParameters, match="colour='x' is no hex"):
        build_path(pattern, {"colour": "x"})


TEXT = "a/.%2F\u00e9\u65e5\r?#\\-"
PATTERNS = ["/{x}", "/a/{x}/{y}/", "/{x}/{y:path}", "/{y:path}/{x}", "/{y:path}", "/<{x}>", "/{x}.{y}-"]


@given(st.sampled_from(PATTERNS), st.text(TEXT, min_size=1, max_size=8), st.text(TEXT, max_size=8))
def test_the_matcher_reads_back_what_was_written(pattern: str, x: str, y: str) -> None:
    names = parse_path(pattern).names
    params = {name: value for name, value in (("x", x), ("y", y)) if name in names}
    try:
        path = build_path(parse_path(pattern), params)
    except WrongParameters:
        assume(False)
    assert path.isascii()
    assert path.startswith("/")
    assert not path.startswith("//")
    assert read_back(pattern, path) == params


# Names ------------------------------------------------------------------------------------------------------


def names() -> RouteNames:
    inner = RouteNames()
    inner.add("detail", parse_path("/{id:int}"))
    deep = RouteNames()
    deep.add("index", parse_path("/"))
    inner.mount("deep", parse_path("/deep"), deep)
    routes = RouteNames()
    routes.add("cards", parse_path("/boards/{board_id:int}/cards"))
    routes.add("cards", parse_path("/cards"))
    routes.add("cards", parse_path("/all/{board_id}"))
    routes.add("home", parse_path("/"))
    routes.mount("users", parse_path("/{tenant}/users/"), inner)
    routes.mount("static", parse_path("/static"))
    routes.mount("root", parse_path("/"))
    unnamed = RouteNames()
    unnamed.add("lent", parse_path("/lent"))
    routes.mount("", parse_path("/v1"), unnamed)
    return routes


@pytest.mark.parametrize(
    ("name", "params", "path"),
    [
        ("home", {}, "/"),
        ("cards", {"board_id": 3}, "/boards/3/cards"),
        ("cards", {}, "/cards"),
        ("users:detail", {"tenant": "a b", "id": 7}, "/a%20b/users/7"),
        ("users:deep:index", {"tenant": "a"}, "/a/users/deep/"),
        ("users", {"tenant": "a", "path": "x/y"}, "/a/users/x/y"),
        ("static", {"path": "css/site.css"}, "/static/css/site.css"),
        ("static", {"path": "/css/site.css"}, "/static/css/site.css"),
        ("static", {"path": ""}, "/static/"),
        ("root", {"path": "//evil.example"}, "/evil.example"),
        ("lent", {}, "/v1/lent"),
    ],
)
def test_a_name_leads_to_its_path(name: str, params: Mapping[str, object], path: str) -> None:
    assert names().path_for(name, params) == path


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("card", "no route is called 'card'; there is cards"),
        ("users:detial", "no route is called 'users:detial'; there is users:detail"),
        ("detail", "no route is called 'detail'"),
        ("users:", "no route is called 'users:'"),
        ("", "no route is called ''$"),
        ("xyzzy", "no route is called 'xyzzy'$"),
    ],
)
def test_an_unknown_name_is_an_error_that_offers_near_ones(name: str, message: str) -> None:
    with pytest.raises(NoMatchFound, match=message):
        names().path_for(name, {})


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("cards", {"id": 3}, r"route 'cards' \(/boards/{board_id:int}/cards\) needs board_id"),
        ("cards", {"board_id": "x"}, r"route 'cards' .* board_id='x' is no int"),
        ("users:detail", {"id": 3}, r"route 'users:detail' \(/{tenant}/users/{id:int}\) needs tenant"),
        ("home", {"page": 3}, r"route 'home' \(/\) takes nothing, not page"),
        ("static", {}, r"route 'static' \(/static/{path:path}\) needs path"),
        ("static", {"path": "../secret"}, "clients resolve"),
    ],
)
def test_wrong_parameters_are_an_error_that_names_route_and_parameter(
    name: str, params: Mapping[str, object], message: str
) -> None:
    with pytest.raises(WrongParameters, match=message):
        names().path_for(name, params)


def test_the_errors_are_look_up_errors_of_ours() -> None:
    assert issubclass(WrongParameters, NoMatchFound)
    assert issubclass(NoMatchFound, LookupError)
    assert issubclass(NoMatchFound, MicroFrameException)


def test_names_within_a_mount_may_come_later() -> None:
    routes, inner = RouteNames(), RouteNames()
    routes.mount("api", parse_path("/api"), inner)
    inner.add("late", parse_path("/late"))
    assert routes.path_for("api:late", {}) == "/api/late"


def test_every_name_is_listed() -> None:
    assert set(names()) == {
        *(
            "cards",
            "home",
            "users",
            "users:detail",
            "users:deep",
            "users:deep:index",
            "static",
            "root",
            "lent",
        )
    }


# Queries ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({}, "/cards"),
        (None, "/cards"),
        ({"limit": 5}, "/cards?limit=5"),
        ({"q": "a b&c=d\u00e9"}, "/cards?q=a+b%26c%3Dd%C3%A9"),
        ({"tag": ["a", "b"], "open": True}, "/cards?tag=a&tag=b&open=true"),
        ({"tag": [], "page": None, "since": date(2024, 2, 29)}, "/cards?since=2024-02-29"),
        ({"page": None}, "/cards"),
        ({"a b": ""}, "/cards?a+b="),
    ],
)
def test_a_query_is_put_behind_the_path(query: Mapping[str, object], path: str) -> None:
    assert names().path_for("cards", {}, query) == path


def test_a_query_value_without_a_text_is_refused() -> None:
    with pytest.raises(WrongParameters, match=r"query filter=\{'a': 1\}: dict has no text"):
        names().path_for("cards", {}, {"filter": {"a": 1}})
    with pytest.raises(WrongParameters, match="query q="):
        names().path_for("cards", {}, {"q": "\ud800"})
