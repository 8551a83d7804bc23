"""Case 4 (CVE-2026-3902) on the wire: headers with underscores answer for none with hyphens."""

from typing import Annotated, Any, Dict, Optional

from microframe import AppConfig, Application, Header, Request
from tests.wire import served

app = Application(AppConfig(trusted_proxies=["127.0.0.1"]))


@app.get("/")
async def show(request: Request, x_real_ip: Annotated[Optional[str], Header()] = None) -> Dict[str, Any]:
    client = request.client
    return {
        "client": client.host if client else None,
        "url": str(request.url),
        "header": request.headers.get("x-real-ip"),
        "parameter": x_real_ip,
    }


def test_a_forged_header_changes_nothing_even_behind_a_trusted_proxy() -> None:
    forged = [
        "X_Real_Ip: 9.9.9.9",
        "X_Forwarded_For: 9.9.9.9",
        "X_Forwarded_Proto: https",
        "X_Forwarded_Host: evil.test",
    ]
    with served(app) as server:
        answer = server.get("/", *forged)
    assert answer.body == (
        b'{"client":"127.0.0.1","url":"http://testserver/","header":null,"parameter":null}'
    )
