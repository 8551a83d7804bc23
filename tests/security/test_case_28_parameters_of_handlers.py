"""Case 28 (CVE-2024-24762): whatever a query, header or cookie says, parameters are read or refused in linear time."""

from typing import Annotated, Any, Callable, Dict, List, Optional, Set

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from microframe import Application, Cookie, Header, Query
from microframe.context import Context
from microframe.exceptions import Invalid
from microframe.http.cookies import parse_cookies
from microframe.http.request import Request
from microframe.injection.records import build_record_source
from microframe.injection.signature import Asked
from microframe.injection.sources import build_parameter_source
from microframe.markers import MISSING
from microframe.validation.registry import Codecs
from tests.connections import StandInEdge, StandInOwner
from tests.growth import assert_linear
from tests.injection.asking import post


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    a: List[str] = []


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    a: Optional[int] = None


def request_with(query: bytes = b"", headers: "list[tuple[bytes, bytes]]" = []) -> Request:  # noqa: B006
    return Request(StandInOwner(), StandInEdge("http", None), "GET", "/", query, headers)


QUERIES: Dict[str, Callable[[int], bytes]] = {
    "one name": lambda n: b"&".join([b"a=1"] * n),
    "many names": lambda n: b"&".join(b"b%d=1" % number for number in range(n)),
    "one unknown name": lambda n: b"&".join([b"b=1"] * n),
    "one long value": lambda n: b"a=" + b"1" * n,
    "escapes": lambda n: b"a=" + b"%41" * n,
}


@pytest.mark.parametrize("kind", QUERIES)
@pytest.mark.parametrize("annotation", [Set[str], Closed], ids=lambda kind: str(kind)[-12:])
def test_parameters_of_a_query_are_read_in_linear_time(kind: str, annotation: Any) -> None:
    source = source_of(annotation, Query(None))
    assert_linear(lambda n: request_with(QUERIES[kind](n)), lambda request: read(source, request))


HEADERS: Dict[str, Callable[[int], "list[tuple[bytes, bytes]]"]] = {
    "one name": lambda n: [(b"a", b"1")] * n,
    "many names": lambda n: [(b"b%d" % number, b"1") for number in range(n)],
    "one unknown name": lambda n: [(b"b", b"1")] * n,
}


@pytest.mark.parametrize("kind", HEADERS)
@pytest.mark.parametrize("annotation", [List[str], Open], ids=lambda kind: str(kind)[-12:])
def test_parameters_of_the_headers_are_read_in_linear_time(kind: str, annotation: Any) -> None:
    source = source_of(annotation, Header(None))
    assert_linear(lambda n: request_with(headers=HEADERS[kind](n)), lambda request: read(source, request))


@pytest.mark.parametrize("piece", [";", "=", '"', " ", "a=;", '="', 'a="', "\\", "a=b; ", ";;=", "\xa0"])
def test_cookies_are_read_in_linear_time(piece: str) -> None:
    assert_linear(lambda n: piece * n, parse_cookies)


def source_of(annotation: Any, marker: Any) -> Callable[[Context], Any]:
    asked = Asked("a", annotation, marker, MISSING)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return build_record_source(asked, marker, Codecs(), "a test", False)
    return build_parameter_source(asked, marker, Codecs(), "a test")


def read(source: Callable[[Context], Any], request: Request) -> None:
    request._query = request._query_values = request._headers = None
    try:
        source(request)
    except Invalid as exc:
        assert exc.errors  # noqa: PT017


# Anything at all ------------------------------------------------------------------------------------------------------

FIELD = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)
TYPES = st.one_of(
    FIELD, st.sampled_from(["application/json", "text/plain", 'application/json; a="', "a/b+json;;="])
)
ANSWERED = (200, 415, 422)


def reader() -> Application:
    app = Application()

    @app.post("/")
    async def show(
        found: Annotated[Closed, Query()],
        sent: Annotated[Open, Header()],
        kept: Annotated[Open, Cookie()],
        body: Dict[str, Any],
        b: Annotated[List[float], Header()] = [],  # noqa: B006
    ) -> Any:
        return {"found": found, "sent": sent, "kept": kept}

    return app


READER = reader()


@given(
    st.text("a=&%2bc+;é\ud800\x00", max_size=30).map(
        lambda text: text.encode("utf-8", "replace").decode("latin-1")
    ),
    FIELD,
    FIELD,
    TYPES,
)
async def test_a_request_is_answered_whatever_stands_in_its_head(
    query: str, header: str, cookie: str, content_type: str
) -> None:
    headers = [("a", header), ("b", header), ("cookie", cookie), ("content-type", content_type)]
    answer = await post(READER, "/?" + query.encode("ascii", "replace").decode(), headers=headers, body=b"{}")
    assert answer.status in ANSWERED
