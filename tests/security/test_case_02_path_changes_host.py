"""Case 2 (PYSEC-2026-248): a path without its slash must not move the host of a rebuilt URL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.http.url import URL, build_url


@pytest.mark.parametrize(
    "path", ["@evil.com", ":80@evil.com", ".evil.com", "//evil.com", "\\evil.com", "?@evil.com"]
)
def test_a_path_never_moves_the_host(path: str) -> None:
    assert URL.of(str(build_url("http", "good", "", path, ""))).hostname == "good"


@given(st.text(), st.text(), st.text(st.characters(max_codepoint=255)))
def test_neither_root_path_nor_path_nor_query_moves_the_host(root_path: str, path: str, query: str) -> None:
    assert URL.of(str(build_url("http", "good:8000", root_path, path, query))).netloc == "good:8000"
