"""Layers: every framework that is installed answers what its middleware is measured with; nothing is timed here."""

import contextlib
import json
from typing import Any, AsyncIterator, Dict, List, Tuple

import pytest

from benchmarks import layers_report, shop
from benchmarks.ceilings import TIMES
from benchmarks.layers import CASES, MISSING, Case, Cost, Layers
from benchmarks.layers_worker import CaseDriver, LayersWorker
from benchmarks.peers import LAYER_PEERS, OURS
from benchmarks.report import Notes


@contextlib.asynccontextmanager
async def opened(peer: str) -> AsyncIterator[LayersWorker]:
    reason = LAYER_PEERS[peer].missing()
    if reason is not None:
        pytest.skip(f"{reason}: it is measured in the environment of the benchmarks alone")
    worker = LayersWorker(peer)
    try:
        yield worker
    finally:
        await worker.close()


@pytest.mark.parametrize("peer", LAYER_PEERS)
async def test_a_framework_answers_what_its_middleware_is_measured_with(peer: str) -> None:
    async with opened(peer) as worker:
        reasons = {name: await worker.check(case) for name, case in CASES.items()}
    assert set(reasons.values()) <= ({None} if peer == OURS else {None, MISSING}), reasons


async def test_both_sides_of_a_case_are_measured() -> None:
    case = CASES["session-written"]
    async with opened(OURS) as worker:
        assert await worker.check(case) is None
        await worker.calibrate(case)
        assert all(seconds > 0 for seconds in await worker.measure(case))
        assert await worker.calls(case) > 0


async def test_requests_come_from_many_clients_and_no_two_have_one_key() -> None:
    case = CASES["idempotency"]
    heads: List[Tuple[str, bytes]] = []

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        heads.append((str(scope["client"]), dict(scope["headers"])[b"idempotency-key"]))
        await send({"type": "http.response.body"})

    await CaseDriver(noting).repeat(case, [], 5)
    assert len(set(heads)) == len({client for client, _ in heads}) == len({key for _, key in heads}) == 5


@pytest.mark.parametrize(
    ("status", "headers", "body", "complaint"),
    [
        (500, {"vary": "Cookie"}, {"visits": 1}, "status 500"),
        (200, {}, {"visits": 1}, "no header vary"),
        (200, {"vary": "Cookie"}, {"visits": 2}, "another answer"),
    ],
)
def test_a_wrong_answer_is_not_measured(
    status: int, headers: "Dict[str, str]", body: object, complaint: str
) -> None:
    case = Case("name", "title", "layer", expected=("vary",), answer={"visits": 1})
    assert complaint in str(case.complaint(status, headers, body))


async def test_a_middleware_that_a_framework_lacks_is_named_and_not_measured() -> None:
    async with opened(OURS) as worker:
        assert await worker.check(Case("name", "title", "no such layer")) == MISSING


def test_the_section_says_what_is_more_and_what_was_not_measured() -> None:
    ours, theirs = Cost((2e-6, 2e-6), (5e-6, 5e-6), 7), Cost((4e-6, 4e-6), (8e-6, 8e-6), 9)
    found = Layers(
        {
            "limit": {OURS: ours, "starlette": Cost(reason=MISSING)},
            "cors": {OURS: ours, "starlette": Cost(reason="status 500: broken")},
            "shared": {OURS: ours, "starlette": theirs},
        }
    )
    section = layers_report.build_section("python -m benchmarks", [OURS, "starlette"], found)
    assert f"| rate limit in memory | +3.0 (2.50{TIMES}) | - | +7 |" in section
    assert f"| 5.0 (1.00{TIMES}) | 8.0 (1.60{TIMES}) |" in section
    assert "- starlette: status 500: broken (CORS, a request with `Origin`)" in section


def test_rounds_that_differ_are_told() -> None:
    calm = Cost((2e-6,) * 4, (4e-6,) * 4)
    wild = Cost((2e-6,) * 4, (3e-6, 4e-6, 5e-6, 6e-6))
    notes = Notes()
    assert "±" not in layers_report.cost_of(calm, OURS, CASES["cors"], notes)
    assert "±" in layers_report.cost_of(wild, OURS, CASES["cors"], notes)


def test_what_is_measured_is_what_a_database_would_give() -> None:
    assert 900 < len(shop.SMALL_ROWS) < 1100
    assert 63_000 < len(shop.LARGE_ROWS) < 65_536
    assert len({json.dumps(row) for row in json.loads(shop.LARGE_ROWS)}) == len(json.loads(shop.LARGE_ROWS))
