"""Keys: no two different things share one."""

from typing import Any, List, Optional

from hypothesis import given
from hypothesis import strategies as st

from microframe.caching.keys import digest, header_value, joined, path_tags, request_key, tag_of
from tests.connections import make_request

PARTS = st.lists(
    st.none() | st.binary(max_size=12) | st.sampled_from([b"-", b"1:a", b"0:", b"1:"]), max_size=5
)


@given(PARTS, PARTS)
def test_different_parts_never_give_the_same_text(
    left: List[Optional[bytes]], right: List[Optional[bytes]]
) -> None:
    assert (joined(left) == joined(right)) == (left == right)
    assert (digest(*left) == digest(*right)) == (left == right)


TEXT = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=8)
REQUESTS = st.fixed_dictionaries(
    {
        "path": st.sampled_from(["/", "/a", "/a/b", "/a%2Fb", "/a;b", "/a?b"])
        | TEXT.map(lambda text: "/" + text),
        "query": st.sampled_from([b"", b"a=1", b"a=1&b=2", b"b=2&a=1", b"a=1;b=2", b"a=1%26b=2"]),
        "host": st.sampled_from(["a.example", "b.example", "a.example:80", "a.exampleb"]),
        "scheme": st.sampled_from(["http", "https"]),
        "root_path": st.sampled_from(["", "/a", "/a/b"]),
        "headers": st.dictionaries(st.sampled_from(["x-a", "x-b", "x-ab"]), TEXT, max_size=3),
        "escaped": st.booleans(),
    }
)
NAMES = (b"x-a", b"x-ab", b"x-b")


def key_of(given: Any) -> str:
    options = dict(given)
    request = make_request(options.pop("path"), headers=options.pop("headers"), **without(options, "escaped"))
    request.escaped = options["escaped"]
    return request_key(request, b"route", NAMES)


def without(options: Any, name: str) -> Any:
    return {key: value for key, value in options.items() if key != name}


def meant(given: Any) -> Any:
    said = {name: value.strip(" \t") for name, value in given["headers"].items()}
    return {**given, "headers": said}


@given(REQUESTS, REQUESTS)
def test_requests_share_a_key_only_where_they_ask_for_the_same(left: Any, right: Any) -> None:
    assert (key_of(left) == key_of(right)) == (meant(left) == meant(right))


def test_a_host_is_the_same_in_any_case_and_a_route_is_not_another() -> None:
    lower, upper = make_request(host="a.example"), make_request(host="A.Example")
    assert request_key(lower, b"route", ()) == request_key(upper, b"route", ())
    assert request_key(lower, b"route", ()) != request_key(lower, b"other", ())


def test_a_header_that_is_not_there_is_not_one_that_is_empty() -> None:
    assert header_value([], b"x-a") is None
    assert header_value([(b"x-a", b" ")], b"x-a") == b""
    assert header_value([(b"x-a", b"1"), (b"x-b", b"2"), (b"x-a", b" 3 ")], b"x-a") == b"1, 3"


def test_a_path_is_known_by_all_it_is_below() -> None:
    assert set(path_tags("/a/b")) == {
        tag_of("path", "/a/b"),
        *(tag_of("below", prefix) for prefix in ("", "/a", "/a/b")),
    }
    assert tag_of("below", "/a") in path_tags("/a/")
    assert tag_of("below", "/a") not in path_tags("/ab")
    assert len(path_tags("/a" * 100)) == 17
