"""Case 21 (CVE-2026-53878): a line break at the end of a host or an id makes it none."""

import pytest

from microframe.exceptions import BadRequestException
from microframe.middleware.hosts import allow_hosts
from microframe.middleware.request_id import assign_request_id
from tests.connections import make_request


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x00", " ", "\t", "\x85", "\xa0"])
@pytest.mark.parametrize("allowed", ["example.com", "*.com"])
async def test_a_host_with_a_line_break_is_refused(allowed: str, end: str) -> None:
    with pytest.raises(BadRequestException):
        await allow_hosts([allowed])(make_request(host=f"example.com{end}"))


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x00", " ", "\t", "\x85", "\xa0"])
async def test_an_id_with_a_line_break_is_replaced(end: str) -> None:
    request = make_request(headers={"x-request-id": f"abc{end}"})
    await assign_request_id()(request)
    assert request.id != f"abc{end}"
    assert request.id.isalnum()
