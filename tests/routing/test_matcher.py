"""The matcher: what wins, what backtracks, which methods are allowed; the order of routes means nothing."""

import itertools
import random
import re
from typing import Any, Dict, FrozenSet, List, Optional, Sequence, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.exceptions import SetupError
from microframe.routing.converters import Converter, Converters
from microframe.routing.matcher import Entry, HostMatcher, Matcher, build_matcher
from microframe.routing.path import parse_host, parse_path
from microframe.routing.steps import ANY
from tests.growth import assert_linear

Found = Optional[Tuple[str, Dict[str, Any], Optional[str]]]


def entry(text: str, converters: Optional[Converters] = None) -> Entry[str]:
    """`GET /a`, `GET,POST /{x}`, `MOUNT /a`, `* /a`, `GET /a @host`; the text is the payload too."""
    methods, path, *at = text.split(" ")
    return Entry(
        parse_path(path, converters or Converters()),
        text,
        frozenset({ANY} if methods == "MOUNT" else methods.split(",")),
        host=parse_host(at[0][1:]) if at else None,
        mount=methods == "MOUNT",
    )


def matcher(*texts: str) -> Matcher[str]:
    return build_matcher([entry(text) for text in texts])


def path_of(found: Found) -> Optional[str]:
    return found and found[0].split(" ")[1]


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

LADDER = [
    "GET /a-1",
    "GET /{n:date}-x",
    "GET /{id:uuid}",
    "GET /{day:date}",
    "GET /{n:int}",
    "GET /{n:float}",
    "GET /a-{x}",
    "GET /{x}-{y}",
    "GET /{x}",
    "GET /{rest:path}",
    "MOUNT /",
]


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


# Against a matcher that is too simple to be wrong -----------------------------------------------------------

KINDS = ["a", "b", "{n:int}", "v{n:int}", "v{x}", "{x}"]
RANKS = {"a": 0, "b": 0, "v{n:int}": 1, "{n:int}": 2, "v{x}": 3, "{x}": 4}
EXPRESSIONS = {"a": "a", "b": "b", "{n:int}": "[0-9]+", "v{n:int}": "v[0-9]+", "v{x}": "v.+", "{x}": ".+"}
SPAN = "{rest:path}"
Shape = Tuple[str, ...]


def naive_rank(shape: Shape, mount: bool, segments: List[str]) -> Optional[List[Tuple[int, int]]]:
    """How well a shape fits, the less the better; None where it does not."""
    if mount:
        fits = len(segments) >= len(shape) and naive_rank(shape, False, segments[: len(shape)])
        return None if fits is None or fits is False else [*fits, (6, 0)]
    if SPAN in shape:
        at = shape.index(SPAN)
        following = len(shape) - at - 1
        taken = len(segments) - at - following
        if taken < 1:
            return None
        before = naive_rank(shape[:at], False, segments[:at])
        after = naive_rank(shape[at + 1 :], False, segments[at + taken :])
        return None if before is None or after is None else [*before, (5, -following), *after]
    if len(shape) != len(segments):
        return None
    if not all(re.fullmatch(EXPRESSIONS[kind], text) for kind, text in zip(shape, segments)):
        return None
    return [(RANKS[kind], 0) for kind in shape]


def named(shape: Shape) -> str:
    """The shape as a path, each parameter with a name of its own."""
    return "/" + "/".join(kind.replace("{", "{" + f"p{at}_") for at, kind in enumerate(shape))


SHAPES = st.lists(st.sampled_from([*KINDS, SPAN]), min_size=1, max_size=4).filter(
    lambda shape: shape.count(SPAN) < 2
)
MOUNTS = st.lists(st.sampled_from(KINDS), min_size=1, max_size=3)
CLAIMS = st.one_of(
    st.tuples(SHAPES, st.frozensets(st.sampled_from(["GET", "POST", "PUT"]), min_size=1), st.just(False)),
    st.tuples(MOUNTS, st.just(frozenset({ANY})), st.just(True)),
)


@given(
    st.lists(CLAIMS, max_size=14, unique_by=lambda claim: (tuple(claim[0]), claim[2])),
    st.lists(
        st.lists(st.sampled_from(["a", "b", "1", "v1", "vx", "v", "c", ""]), min_size=1, max_size=5),
        min_size=1,
    ),
)
def test_the_tree_finds_what_trying_every_route_finds(
    claims: Sequence[Tuple[List[str], FrozenSet[str], bool]], paths: List[List[str]]
) -> None:
    entries = [
        Entry(parse_path(named(tuple(shape))), (tuple(shape), mount), methods, mount=mount)
        for shape, methods, mount in claims
    ]
    routes = build_matcher(entries)
    for segments in paths:
        path = "/" + "/".join(segments)
        expected_methods = set()
        for method in ("GET", "POST", "PUT"):
            fitting = [
                (rank, (tuple(shape), mount))
                for shape, methods, mount in claims
                for rank in [naive_rank(tuple(shape), mount, segments)]
                if rank is not None and (mount or method in methods)
            ]
            found = routes.match(method, path)
            assert (found and found[0]) == (min(fitting)[1] if fitting else None)
            if fitting:
                expected_methods.add(method)
        known = set().union(*[methods for _, methods, _ in claims])
        assert routes.allowed(path) == expected_methods & known


@given(st.permutations(LADDER), st.text("a1-./\u0661\n%2F", max_size=12), st.booleans())
def test_any_text_of_a_client_finds_the_same_in_any_order(order: List[str], text: str, escaped: bool) -> None:
    assert matcher(*order).match("GET", "/" + text, escaped) == matcher(*LADDER).match(
        "GET", "/" + text, escaped
    )


# Work -------------------------------------------------------------------------------------------------------


def test_a_search_visits_each_declared_segment_at_most_once() -> None:
    asked = 0

    def parse(text: str) -> str:
        nonlocal asked
        asked += 1
        return text

    converters = Converters()
    converters.add("counted", Converter(parse))
    depth = 7
    shapes = list(itertools.product(["a", "{x:counted}"], repeat=depth))
    routes = build_matcher(Entry(parse_path(named(shape), converters), shape) for shape in shapes)
    assert routes.match("GET", "/a" * depth + "/z") is None
    assert asked == 2**depth - 1  # one at each node above the leaves
    asked = 0
    assert routes.match("GET", "/z" * depth) is not None
    assert asked == depth


@pytest.mark.parametrize("tail", ["", "/z"])
def test_a_search_grows_as_the_path_does(tail: str) -> None:
    routes = matcher(
        "GET /{rest:path}/{n:int}", "GET /{rest:path}/x/y", "GET /{a}/{rest:path}/y", "MOUNT /a/b"
    )
    assert_linear(lambda size: "/a" * size + tail, lambda path: routes.match("GET", path))


def test_a_search_does_not_grow_with_the_routes() -> None:
    def steps(count: int) -> int:
        asked: List[str] = []

        def parse(text: str) -> str:
            asked.append(text)
            return text

        converters = Converters()
        converters.add("seen", Converter(parse))
        texts = [f"GET /r{number}/{{x:seen}}/end" for number in range(count)]
        routes = build_matcher([entry(text, converters) for text in texts])
        assert routes.match("GET", "/r3/7/end") is not None
        assert routes.match("GET", "/r3/7/other") is None
        return len(asked)

    assert steps(1000) == steps(10) == 2
