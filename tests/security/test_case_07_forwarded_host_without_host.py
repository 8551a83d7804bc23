"""Case 7 (PYSEC-2026-2603): a forwarded host does not stand in for the one that is missing."""

import pytest

from microframe.endpoint import guarded
from microframe.exceptions import BadRequestException
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.middleware.hosts import allow_hosts
from microframe.middleware.proxy import trust_proxies
from tests.connections import make_request, make_socket


async def answer(request: Request) -> Response:
    return Response(request.host)


FORGED = {
    "X-Forwarded-Host": "allowed.test",
    "X-Forwarded-For": "192.0.2.1",
    "Forwarded": "host=allowed.test",
}


@pytest.mark.parametrize("name", FORGED)
async def test_no_host_and_a_forwarded_one_is_refused(name: str) -> None:
    endpoint = guarded((trust_proxies(["10.0.0.0/8"]), allow_hosts(["allowed.test"])), answer)
    with pytest.raises(BadRequestException):
        await endpoint(make_request(host=None, headers={name: FORGED[name]}))
    with pytest.raises(BadRequestException):
        await allow_hosts(["allowed.test"])(make_socket(host=None, headers={name: FORGED[name]}))


async def test_the_host_that_a_trusted_proxy_tells_is_checked_too() -> None:
    endpoint = guarded((trust_proxies(["10.0.0.1"]), allow_hosts(["allowed.test"])), answer)
    told = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Host": "evil.test"}
    with pytest.raises(BadRequestException):
        await endpoint(make_request(host="allowed.test", headers=told, client="10.0.0.1"))
