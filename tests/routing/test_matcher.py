"""The matcher: what wins, what backtracks, which methods are allowed; the order of routes means nothing."""

import itertools
import random
import re
from typing import Dict, List, Optional

import pytest

from microframe.exceptions import SetupError
from microframe.routing.converters import Converter, Converters
from microframe.routing.matcher import Entry, build_matcher
from microframe.routing.path import parse_path
from tests.routing.entries import LADDER, entry, matcher, path_of

# What a pattern matches -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "path", "params"),
    [
        ("/", "/", {}),
        ("/", "", None),
        ("/", "//", None),
        ("/a", "/a", {}),
        ("/a", "/a/", None),
        ("/a/", "/a/", {}),
        ("/a/", "/a", None),
        ("/a", "/A", None),
        ("/a", "a", None),
        ("/a", "*", None),
        ("/a", "@a", None),
        ("/{x}", "/", None),
        ("/{x}", "/a", {"x": "a"}),
        ("/{x}", "/a/", None),
        ("/{x}", "/a/b", None),
        ("/{x}", "//", None),
        ("/{x}/", "/a/", {"x": "a"}),
        ("/{x}/", "/a", None),
        ("/{x}/b", "//b", None),
        ("/{x:int}", "/007", {"x": 7}),
        ("/{x:int}", "/7\n", None),
        ("/{x:int}", "/\u0667", None),
        ("/{x:int}", "/0", {"x": 0}),
        ("/{x:int}/{y:int}", "/0/0", {"x": 0, "y": 0}),
        ("/{a}/{b}/{c}", "/1/2/3", {"a": "1", "b": "2", "c": "3"}),
        ("/{a}/{b}/{c}/{d:int}", "/1/2/3/4", {"a": "1", "b": "2", "c": "3", "d": 4}),
        ("/{rest:path}", "/", {"rest": ""}),
        ("/{rest:path}", "", None),
        ("/{rest:path}", "/a//b/", {"rest": "a//b/"}),
        ("/f/{rest:path}", "/f", None),
        ("/f/{rest:path}", "/f/", {"rest": ""}),
        ("/f/{rest:path}", "/f//home/a", {"rest": "/home/a"}),
        ("/{rest:path}/raw", "/raw", None),
        ("/{rest:path}/raw", "//raw", {"rest": ""}),
        ("/{rest:path}/raw", "/a/raw/raw", {"rest": "a/raw"}),
        ("/{rest:path}/", "/a/b/", {"rest": "a/b"}),
        ("/{rest:path}/", "/a/b", None),
        (
            "/{u}/{rest:path}/{n:int}/{f}.{e}",
            "/u/a/b/7/x.y",
            {"u": "u", "rest": "a/b", "n": 7, "f": "x", "e": "y"},
        ),
        ("/{u}/{rest:path}/{n:int}/{f}.{e}", "/u/7/x.y", None),
        ("/@{user}", "/@ann", {"user": "ann"}),
        ("/{a}.{b}/{c}", "/1.2/3", {"a": "1", "b": "2", "c": "3"}),
    ],
)
def test_a_pattern_matches_a_path(pattern: str, path: str, params: Optional[Dict[str, object]]) -> None:
    found = matcher(f"GET {pattern}").match("GET", path)
    assert found == (None if params is None else (f"GET {pattern}", params, None))


def test_static_paths_are_one_dictionary_away() -> None:
    table = matcher("GET /a", "POST /a", "GET /{x}").static
    assert table == {"/a": {"GET": "GET /a", "POST": "POST /a"}}


def test_the_parameters_of_one_request_are_its_own() -> None:
    routes = matcher("GET /a", "GET /{x}")
    for path in ("/a", "/b"):
        first = routes.match("GET", path)
        assert first is not None
        first[1]["more"] = 1
        again = routes.match("GET", path)
        assert again is not None
        assert "more" not in again[1]


# Specificity ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "wins"),
    [
        ("/a-1", "/a-1"),
        ("/2024-01-01-x", "/{n:date}-x"),
        ("/6ba7b810-9dad-11d1-80b4-00c04fd430c8", "/{id:uuid}"),
        ("/2024-01-01", "/{day:date}"),
        ("/2024-01-32", "/{x}-{y}"),
        ("/12", "/{n:int}"),
        ("/12.5", "/{n:float}"),
        ("/a-2", "/a-{x}"),
        ("/b-2", "/{x}-{y}"),
        ("/b", "/{x}"),
        ("/b/c", "/{rest:path}"),
        ("", "/"),
    ],
)
def test_the_most_specific_route_wins_in_any_order(path: str, wins: str) -> None:
    orders = [LADDER, LADDER[::-1]] + [random.Random(seed).sample(LADDER, len(LADDER)) for seed in range(5)]
    for order in orders:
        assert path_of(matcher(*order).match("GET", path)) == wins


@pytest.mark.parametrize(
    ("routes", "path", "wins"),
    [
        (["/a/b", "/{x}/c"], "/a/c", "/{x}/c"),
        (["/a/b/c", "/a/{y}/d", "/{x}/b/e"], "/a/b/e", "/{x}/b/e"),
        (["/a/b/c", "/a/{y}/d", "/{x}/b/e"], "/a/b/d", "/a/{y}/d"),
        (["/{n:int}/a", "/{x}/b"], "/1/b", "/{x}/b"),
        (["/{n:int}/a", "/{x}/b"], "/1/a", "/{n:int}/a"),
        (["/{n:int}", "/{x}"], "/x", "/{x}"),
        (["/{a}.{b:int}/c", "/{x}/c"], "/1.x/c", "/{x}/c"),
        (["/{a}.{b:int}/c", "/{x}/d"], "/1.2/d", "/{x}/d"),
        (["/a/{rest:path}", "/{x}/c"], "/a/c", "/a/{rest:path}"),
        (["/{rest:path}", "/a/{x}"], "/a/b", "/a/{x}"),
        (["/{rest:path}", "/a/{x}"], "/a/b/c", "/{rest:path}"),
        (["/{rest:path}/a", "/{more:path}"], "/x/a", "/{rest:path}/a"),
        (["/{rest:path}/a", "/{more:path}/{z}/a"], "/x/y/a", "/{more:path}/{z}/a"),
        (["/{rest:path}/a", "/{more:path}/{z}/a"], "/y/a", "/{rest:path}/a"),
        (["/{rest:path}/{n:int}", "/{more:path}/{x}"], "/a/b", "/{more:path}/{x}"),
        (["/{a:int}-{b}", "/{a}-{b:int}"], "/1-2", "/{a:int}-{b}"),
        (["/{x}-{y}", "/{x}--{y}"], "/a--b", "/{x}--{y}"),
    ],
)
def test_a_better_beginning_does_not_hide_another_route(routes: List[str], path: str, wins: str) -> None:
    for order in itertools.permutations(routes):
        assert path_of(matcher(*[f"GET {route}" for route in order]).match("GET", path)) == wins


def test_values_of_an_abandoned_branch_are_forgotten() -> None:
    routes = matcher("GET /{n:int}/{m:int}/a", "GET /{x}/{y}/b", "GET /{x}/{rest:path}/{z}/c")
    assert routes.match("GET", "/1/2/b") == ("GET /{x}/{y}/b", {"x": "1", "y": "2"}, None)
    found = routes.match("GET", "/1/2/3/c")
    assert found is not None
    assert found[1] == {"x": "1", "rest": "2", "z": "3"}


def test_an_own_converter_is_tried_by_its_rank() -> None:
    converters = Converters()
    converters.add("year", Converter(int, pattern="[0-9]{4}", rank=25))
    converters.add("slug", Converter(str, pattern="[a-z0-9-]+"))
    for order in itertools.permutations(["/{y:year}", "/{n:int}", "/{s:slug}", "/{x}"]):
        routes = build_matcher([entry(f"GET {path}", converters) for path in order])
        assert path_of(routes.match("GET", "/2024")) == "/{y:year}"
        assert path_of(routes.match("GET", "/20240")) == "/{n:int}"
        assert path_of(routes.match("GET", "/v-1")) == "/{s:slug}"
        assert path_of(routes.match("GET", "/V-1")) == "/{x}"


def test_an_own_converter_may_span_segments() -> None:
    converters = Converters()
    converters.add("lower", Converter(str.upper, pattern="[a-z/]+", spans=True))
    routes = build_matcher([entry(text, converters) for text in ("GET /{x:lower}/end", "GET /{rest:path}")])
    assert routes.match("GET", "/a/b/end") == ("GET /{x:lower}/end", {"x": "A/B"}, None)
    assert routes.match("GET", "/a/B/end") == ("GET /{rest:path}", {"rest": "a/B/end"}, None)


# Methods ----------------------------------------------------------------------------------------------------


def test_a_method_that_the_best_branch_lacks_is_looked_for_in_the_others() -> None:
    routes = matcher("GET /users/me", "POST /users/{id}", "GET /users/{id:int}", "DELETE /{rest:path}")
    assert routes.match("POST", "/users/me") == ("POST /users/{id}", {"id": "me"}, None)
    assert routes.match("POST", "/users/7") == ("POST /users/{id}", {"id": "7"}, None)
    assert path_of(routes.match("DELETE", "/users/me")) == "/{rest:path}"
    assert routes.match("PATCH", "/users/me") is None


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/users/me", {"GET", "POST", "DELETE"}),
        ("/users/7", {"GET", "POST", "DELETE"}),
        ("/users/x", {"POST", "DELETE"}),
        ("/users", {"DELETE"}),
        ("users", set()),
    ],
)
def test_the_allowed_methods_are_those_of_every_route_that_matches(path: str, methods: "set[str]") -> None:
    routes = matcher("GET /users/me", "POST /users/{id}", "GET /users/{id:int}", "DELETE /{rest:path}")
    assert routes.allowed(path) == methods


def test_nothing_is_allowed_where_nothing_is() -> None:
    assert matcher("GET /a", "POST /a/{x}").allowed("/b") == set()
    assert matcher().allowed("/") == set()
    assert matcher().match("GET", "/") is None


def test_one_path_may_call_its_parameter_by_the_method() -> None:
    routes = matcher("GET /{id}", "PUT /{key}")
    assert routes.match("GET", "/1") == ("GET /{id}", {"id": "1"}, None)
    assert routes.match("PUT", "/1") == ("PUT /{key}", {"key": "1"}, None)


@pytest.mark.parametrize("path", ["/a", "/{x}"])
def test_an_implied_method_gives_way_to_one_that_is_named(path: str) -> None:
    pattern = parse_path(path)
    get = Entry(pattern, "get", frozenset({"GET"}), implied=frozenset({"HEAD"}))
    head = Entry(pattern, "head", frozenset({"HEAD"}))
    for entries in ([get, head], [head, get]):
        routes = build_matcher(entries)
        for method, wins in (("GET", "get"), ("HEAD", "head")):
            found = routes.match(method, "/a")
            assert found is not None
            assert found[0] == wins
    alone = build_matcher([get])
    assert alone.allowed("/a") == {"GET", "HEAD"}
    assert (alone.match("HEAD", "/a") or [None])[0] == "get"


@pytest.mark.parametrize("path", ["/a", "/{x}"])
def test_an_entry_for_any_method_answers_what_no_other_of_its_shape_does(path: str) -> None:
    routes = matcher(f"* {path}", f"GET {path}")
    assert (routes.match("GET", "/a") or [None])[0] == f"GET {path}"
    assert (routes.match("BREW", "/a") or [None])[0] == f"* {path}"


# Two equal routes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GET /a", "GET /a"),
        ("GET /a", "GET,POST /a"),
        ("GET /{x}", "GET /{y}"),
        ("GET /{x}", "GET /{y:str}"),
        ("GET /a/{x:int}/b/{y}", "GET /a/{y:int}/b/{x}"),
        ("GET /{a}.{b}", "GET /{c}.{d}"),
        ("GET /{a:path}/x", "GET /{b:path}/x"),
        ("MOUNT /a", "MOUNT /a/"),
        ("MOUNT /{x}", "MOUNT /{y}"),
        ("MOUNT /", "MOUNT /"),
        ("* /a", "* /a"),
    ],
)
def test_two_equal_routes_are_a_setup_error_naming_both(one: str, other: str) -> None:
    with pytest.raises(SetupError, match=f"two equal .*: <{re.escape(one)}> and <{re.escape(other)}>"):
        build_matcher([entry(one), entry("GET /else"), entry(other)], describe=lambda payload: f"<{payload}>")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GET /a", "POST /a"),
        ("GET /a", "GET /a/"),
        ("GET /{x}", "GET /{y:int}"),
        ("GET /{x}", "GET /{y}/"),
        ("GET /{a}.{b}", "GET /{a}-{b}"),
        ("GET /{a:path}", "GET /{a:path}/x"),
        ("GET /a", "MOUNT /a"),
        ("GET /a/{x:path}", "MOUNT /a"),
        ("GET /a", "GET /a @example.com"),
    ],
)
def test_routes_that_differ_stand_side_by_side(one: str, other: str) -> None:
    matcher(one, other)


def test_a_mount_cannot_span_segments() -> None:
    with pytest.raises(SetupError, match=r"MOUNT /\{x:path\}/a: a parameter of a mount's path cannot span"):
        matcher("MOUNT /{x:path}/a")
