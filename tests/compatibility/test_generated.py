"""Requests that nobody thought of are answered as under FastAPI, too."""

import json
import logging
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Dict, List, Tuple
from urllib.parse import quote

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.compatibility.asking import PROGRAMS, Ask, answers, program, read_ask
from tests.compatibility.comparing import differences
from tests.compatibility.translation import translate

SOME = max(
    6, settings().max_examples // 8
)  # each example is a batch of requests, which is not worth shrinking
BATCH = 25
QUERIES = ("parameter_types", "validations", "query", "parameter_models")
BODIES = ("bodies", "more_bodies")

TEXTS = st.one_of(
    st.sampled_from(
        ["", "a", "b", "r", "1", "2", "-1", "1.5", "1e3", "true", "on", "NaN", "inf", "null", "[1]", "{}"]
    ),
    st.sampled_from(
        ["2020-01-01", "2020-01-01T00:00:00Z", "12:00", "P1D", "60", "+1", " 1", "1 ", "1_0", "0b1", "٣"]
    ),
    st.sampled_from(["127.0.0.1", "::1", "6fa459ea-ee8a-3ca4-894e-db77e160355e", "isbn-3", "fix", "1,2"]),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.integers().map(str),
    st.floats().map(str),
    st.datetimes().map(str),
)
NAMES = ["name", "price", "kind", "low", "high", "item", "user", "tags", "a", "b"]
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(-1e10, 1e10), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    ),
    max_leaves=8,
)
DIFFERENT_WORDS = ("POST /tagged", "POST /sequence", "PUT /extra-types", "POST /alias", "PATCH")
"""Routes whose faults are told in other words, because a body is read as JSON and not as Python's values of it; and one
that remembers."""

Pair = Tuple[Any, Any, List[Ask]]


@pytest.fixture(scope="module")
def pairs() -> Iterator[Dict[str, Pair]]:
    """Each program under both frameworks, with the requests it knows."""
    pytest.importorskip("fastapi", reason="FastAPI is not installed here: NOTHING WAS COMPARED")
    with ExitStack() as stack:
        found = {}
        for path in PROGRAMS:
            if path.stem in (*QUERIES, *BODIES):
                text = path.read_text(encoding="utf-8")
                theirs = stack.enter_context(program(text, path, f"generated_theirs_{path.stem}"))
                ours = stack.enter_context(program(translate(text), path, f"generated_ours_{path.stem}"))
                found[path.stem] = (theirs.app, ours.app, [read_ask(said) for said in theirs.ASKS])
        yield found


async def compare(pair: Pair, asks: List[Ask]) -> None:
    logging.disable()
    try:
        theirs, ours = await answers(pair[0], asks), await answers(pair[1], asks)
    finally:
        logging.disable(logging.NOTSET)
    # FastAPI fails where a NaN is to be told; nothing is to be learnt of that.
    known = [number for number, told in enumerate(theirs) if told.status != 500]
    wrong = differences(*([every[number] for number in known] for every in (asks, theirs, ours)))  # type: ignore[arg-type]
    assert not wrong, "\n".join(wrong)


NUMBER = st.integers(0, 999)
"""Chooses one of whatever there are."""


@pytest.mark.parametrize("name", QUERIES)
@settings(max_examples=SOME, phases=[Phase.generate])
@given(
    st.lists(
        st.tuples(NUMBER, st.lists(st.tuples(NUMBER, TEXTS), max_size=4)), min_size=BATCH, max_size=BATCH
    )
)
async def test_queries_mean_the_same(
    pairs: Dict[str, Pair], name: str, drawn: List[Tuple[int, List[Tuple[int, str]]]]
) -> None:
    known = pairs[name][2]
    paths = sorted({ask.target.partition("?")[0] for ask in known if ask.method == "GET"})
    queries = [ask.target.partition("?")[2] for ask in known]
    names = sorted({part.partition("=")[0] for query in queries for part in query.split("&")})
    targets = [
        paths[path % len(paths)]
        + "?"
        + "&".join(f"{names[key % len(names)]}={quote(text)}" for key, text in query)
        for path, query in drawn
    ]
    await compare(pairs[name], [Ask("GET", target, []) for target in targets])


@pytest.mark.parametrize("name", BODIES)
@settings(max_examples=SOME, phases=[Phase.generate])
@given(st.lists(st.tuples(NUMBER, VALUES, st.integers(0, 7)), min_size=BATCH, max_size=BATCH))
async def test_bodies_mean_the_same(
    pairs: Dict[str, Pair], name: str, drawn: List[Tuple[int, Any, int]]
) -> None:
    known = [ask for ask in pairs[name][2] if ask.body[:1] in (b"{", b"[") and is_json(ask.body)]
    known = [ask for ask in known if not f"{ask.method} {ask.target}".startswith(DIFFERENT_WORDS)]
    asks = []
    for number, value, at in drawn:
        ask = known[number % len(known)]
        asks.append(Ask(ask.method, ask.target, JSON, changed(ask.body, value, at)))
    await compare(pairs[name], asks)


JSON = [("content-type", "application/json")]


def is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def changed(body: bytes, value: Any, at: int) -> bytes:
    """A body with another value in one of its places, or in place of it."""
    known = json.loads(body)
    if isinstance(known, dict) and at < len(known):
        known[list(known)[at]] = value
    elif isinstance(known, list) and at < len(known):
        known[at] = value
    else:
        known = value
    return json.dumps(known).encode()
