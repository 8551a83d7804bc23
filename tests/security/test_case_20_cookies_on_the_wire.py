"""Case 20 (CVE-2023-23934) on the wire: a cookie without a name is nobody's, and of two the first counts."""

from typing import Annotated, Dict, List, Optional

from microframe import Application, Cookie, Request
from tests.wire import served

app = Application()


@app.get("/")
async def show(
    request: Request, session: Annotated[Optional[str], Cookie(alias="__Host-session")] = None
) -> List[object]:
    cookies: Dict[str, str] = dict(request.cookies)
    return [cookies, session]


def test_no_cookie_passes_for_another() -> None:
    with served(app) as server:
        assert server.get("/", "Cookie: =__Host-session=x").body == b"[{},null]"
        both = server.get("/", "Cookie: =__Host-session=bad; __Host-session=good; __Host-session=late")
        assert both.body == b'[{"__Host-session":"good"},"good"]'
        twice = server.get("/", "Cookie: __Host-session=good", "Cookie: __Host-session=late; =bad")
        assert twice.body == b'[{"__Host-session":"good"},"good"]'
