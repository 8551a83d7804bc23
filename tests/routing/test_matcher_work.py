"""The matcher against one that is too simple to be wrong, and how much it works."""

import itertools
import re
from typing import FrozenSet, List, Optional, Sequence, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.routing.converters import Converter, Converters
from microframe.routing.matcher import Entry, build_matcher
from microframe.routing.path import parse_path
from microframe.routing.steps import ANY
from tests.growth import assert_linear
from tests.routing.entries import LADDER, entry, matcher

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
