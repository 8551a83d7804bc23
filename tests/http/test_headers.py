"""Headers: reading in any case, writing only what a header can carry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.http.headers import Headers, MutableHeaders, check_header, find

LATIN = st.text(st.characters(min_codepoint=0, max_codepoint=255))
TOKENS = st.text("!#$%&'*+-.^_`|~0123456789abcXYZ", min_size=1)


def test_find_gives_the_first_value() -> None:
    assert find([(b"a", b"1"), (b"b", b"2"), (b"b", b"3")], b"b") == b"2"
    assert find([(b"a", b"1")], b"b") is None


def test_names_match_in_any_case_and_the_first_value_is_read() -> None:
    headers = Headers([(b"accept", b"a"), (b"x-tag", b"1"), (b"x-tag", b"2")])
    assert headers["X-Tag"] == headers.get("x-TAG") == "1"
    assert headers.getlist("X-Tag") == ["1", "2"]
    assert "ACCEPT" in headers
    assert 1 not in headers  # type: ignore[comparison-overlap]


def test_a_missing_header_is_the_default_or_a_key_error() -> None:
    headers = Headers([])
    assert headers.get("a") is None
    assert headers.get("a", "b") == "b"
    assert headers.getlist("a") == []
    with pytest.raises(KeyError):
        headers["a"]


@pytest.mark.parametrize("name", ["é", "\u212aey", "\ud800", "", "a b"])
def test_a_name_that_no_header_can_have_is_not_there(name: str) -> None:
    headers = Headers([(b"key", b"1"), (b"?", b"2")])
    assert headers.get(name) is None
    assert name not in headers
    assert headers.getlist(name) == []


def test_iteration_is_over_distinct_names_with_first_values() -> None:
    headers = Headers([(b"a", b"1"), (b"b", b"2"), (b"a", b"3")])
    assert list(headers) == ["a", "b"]
    assert len(headers) == 2
    assert dict(headers) == {"a": "1", "b": "2"}
    assert list(headers.items()) == [("a", "1"), ("b", "2")]
    assert list(headers.values()) == ["1", "2"]
    assert headers.multi_items() == [("a", "1"), ("b", "2"), ("a", "3")]


def test_headers_are_a_view_on_the_raw_list() -> None:
    raw = [(b"a", b"1")]
    headers = Headers(raw)
    raw.append((b"b", b"2"))
    assert headers.raw is raw
    assert headers["b"] == "2"


def test_headers_made_of_a_mapping_or_of_pairs_are_checked() -> None:
    assert Headers.of({"X-A": "1"}).raw == [(b"x-a", b"1")]
    assert Headers.of([("A", "1"), ("a", "2")]).raw == [(b"a", b"1"), (b"a", b"2")]
    with pytest.raises(ValueError, match="control"):
        Headers.of({"a": "1\r\nb: 2"})


def test_equality_ignores_the_order_but_not_the_values() -> None:
    one = Headers([(b"a", b"1"), (b"b", b"2")])
    assert one == Headers([(b"b", b"2"), (b"a", b"1")])
    assert one == MutableHeaders([(b"b", b"2"), (b"a", b"1")])
    assert one == {"a": "1", "b": "2"}
    assert one != Headers([(b"a", b"1"), (b"a", b"1"), (b"b", b"2")])
    assert one != 1


def test_headers_cannot_be_a_key() -> None:
    with pytest.raises(TypeError):
        hash(Headers([]))


@pytest.mark.parametrize(
    "name", ["authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key"]
)
def test_a_repr_shows_no_secret(name: str) -> None:
    shown = repr(Headers([(name.encode(), b"s3cret"), (b"accept", b"text/html")]))
    assert "s3cret" not in shown
    assert name in shown
    assert "text/html" in shown


@given(TOKENS, st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_a_checked_header_is_the_same_text_without_its_edges(name: str, value: str) -> None:
    key, text = check_header(name, value)
    assert key == name.lower().encode()
    assert text.decode("latin-1") == value.strip(" \t")


@given(LATIN)
def test_no_checked_value_has_a_control_character_but_the_tab(value: str) -> None:
    has_controls = any((ord(c) < 32 and c != "\t") or ord(c) == 127 for c in value)
    try:
        text = check_header("x", value)[1]
    except ValueError:
        assert has_controls
    else:
        assert not has_controls
        assert text == value.encode("latin-1").strip(b" \t")


@given(st.text())
def test_a_checked_name_is_always_a_token(name: str) -> None:
    try:
        key = check_header(name, "")[0]
    except ValueError:
        return
    assert key
    assert set(key) <= set(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")


def test_a_value_beyond_latin_1_is_refused_and_not_shown() -> None:
    with pytest.raises(ValueError, match="'x-secret'") as caught:
        check_header("x-secret", "paß€wort")
    assert "wort" not in str(caught.value)


def test_setting_replaces_every_value_where_the_first_one_stood() -> None:
    headers = MutableHeaders([(b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"c", b"4")])
    headers["A"] = "5"
    assert headers.raw == [(b"a", b"5"), (b"b", b"2"), (b"c", b"4")]
    headers["D"] = " 6 "
    assert headers.raw[-1] == (b"d", b"6")


def test_a_refused_value_leaves_the_old_one() -> None:
    headers = MutableHeaders([(b"a", b"1")])
    with pytest.raises(ValueError, match="control"):
        headers["a"] = "2\n"
    assert headers.raw == [(b"a", b"1")]


def test_append_keeps_the_others_and_delete_takes_all() -> None:
    headers = MutableHeaders([])
    headers.append("Link", "</a>")
    headers.append("link", "</b>")
    assert headers.getlist("link") == ["</a>", "</b>"]
    del headers["LINK"]
    del headers["link"]  # what is not there is removed already
    assert headers.raw == []


def test_setdefault_and_update_work_as_on_a_dict() -> None:
    headers = MutableHeaders([(b"a", b"1")])
    assert headers.setdefault("A", "2") == "1"
    assert headers.setdefault("B", "2") == "2"
    headers.update({"a": "3"}, c="4")
    assert dict(headers) == {"a": "3", "b": "2", "c": "4"}
    assert headers.pop("c") == "4"
    assert headers.pop("c", None) is None


def test_changes_reach_the_raw_list_they_were_made_on() -> None:
    raw = [(b"a", b"1"), (b"a", b"2")]
    headers = MutableHeaders(raw)
    headers["a"] = "3"
    del headers["a"]
    headers["b"] = "4"
    assert raw == [(b"b", b"4")]


def test_vary_grows_without_repeating_itself() -> None:
    headers = MutableHeaders([])
    headers.add_vary("Accept", "Origin")
    headers.add_vary("accept", "Cookie")
    assert headers.getlist("vary") == ["Accept, Origin, Cookie"]
    headers.append("vary", "X-A")
    headers.add_vary()
    assert headers.getlist("vary") == ["Accept, Origin, Cookie, X-A"]


def test_vary_on_everything_stays_alone() -> None:
    headers = MutableHeaders([(b"vary", b"*")])
    headers.add_vary("Accept")
    assert headers["vary"] == "*"
    other = MutableHeaders([(b"vary", b"Accept")])
    other.add_vary("*")
    assert other["vary"] == "*"


def test_vary_of_nothing_adds_no_header() -> None:
    headers = MutableHeaders([])
    headers.add_vary()
    assert headers.raw == []
