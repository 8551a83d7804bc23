"""Preconditions checked by a handler itself: the version it found against the one the client demands."""

from datetime import datetime, timezone
from typing import Dict, Optional

import pytest

from microframe import check_preconditions
from microframe.exceptions import PreconditionFailedException, PreconditionRequiredException
from microframe.http.preconditions import headers_for_refusal, not_modified
from tests.connections import make_request

CHANGED = datetime(1994, 11, 6, 8, 49, 37, tzinfo=timezone.utc)
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


def status_of(
    method: str, headers: Dict[str, str], etag: Optional[object] = 7, required: bool = False
) -> Optional[int]:
    request = make_request("/", method, headers)
    answer = check_preconditions(request, etag=etag, required=required)  # type: ignore[arg-type]
    return None if answer is None else answer.status_code


def test_who_has_it_is_answered_with_304_and_its_version() -> None:
    request = make_request("/", headers={"If-None-Match": '"7"'})
    answer = check_preconditions(request, etag=7, last_modified=CHANGED)
    assert answer is not None
    assert (answer.status_code, answer.body) == (304, b"")
    assert answer.raw_headers == [(b"etag", b'"7"')]
    dated = check_preconditions(make_request("/", headers={"If-Modified-Since": DATE}), last_modified=CHANGED)
    assert dated is not None
    assert dated.raw_headers == [(b"last-modified", DATE.encode())]


def test_what_holds_lets_the_handler_go_on() -> None:
    assert status_of("GET", {}) is None
    assert status_of("GET", {"If-None-Match": '"6"'}) is None
    assert status_of("PUT", {"If-Match": '"7"'}, required=True) is None
    assert status_of("PUT", {"If-None-Match": "*"}, None, required=True) is None
    assert status_of("GET", {}, required=True) is None
    assert status_of("OPTIONS", {}, required=True) is None


def test_what_does_not_hold_is_refused() -> None:
    with pytest.raises(PreconditionFailedException):
        status_of("PUT", {"If-Match": '"6"'})
    with pytest.raises(PreconditionFailedException):
        status_of("PUT", {"If-None-Match": "*"})
    with pytest.raises(PreconditionRequiredException):
        status_of("DELETE", {}, required=True)


def test_a_304_keeps_what_caches_need_and_an_error_what_is_not_of_the_body() -> None:
    headers = [
        (b"content-type", b"text/plain"),
        (b"content-encoding", b"br"),
        (b"content-length", b"5"),
        (b"content-security-policy", b"default-src 'self'"),
        (b"cache-control", b"max-age=1"),
        (b"etag", b'"a"'),
        (b"last-modified", DATE.encode()),
        (b"vary", b"Accept"),
        (b"set-cookie", b"a=1"),
    ]
    kept = [name for name, _ in not_modified(headers).raw_headers]
    assert kept == [b"content-security-policy", b"cache-control", b"etag", b"vary", b"set-cookie"]
    assert [name for name, _ in headers_for_refusal(headers)] == [
        b"content-security-policy",
        b"vary",
        b"set-cookie",
    ]
