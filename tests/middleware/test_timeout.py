"""Timeout: what is not made in time is cancelled and answered with 504, and closes as after any failure."""

import asyncio
import logging
import sys
from typing import Annotated, Any, AsyncIterator, Awaitable, Callable, Dict, List, Optional

import pytest

from microframe import (
    Application,
    Context,
    Deadline,
    Depends,
    GatewayTimeoutException,
    HTTPException,
    Request,
    Response,
    Router,
    SetupError,
    StreamingResponse,
)
from microframe.http.responses import PlainTextResponse
from microframe.middleware.timeout import keep_deadline
from tests.conftest import new_loop
from tests.connections import make_request
from tests.middleware.slow_work import Work, call

pytestmark = pytest.mark.virtual_time

SHORT, LONG = 1.0, 100.0  # seconds: what is too little, and what is more than anything takes


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


async def test_what_takes_too_long_is_cancelled_and_a_504() -> None:
    work = Work()
    work.app.get("/", timeout=SHORT)(work.wait)
    answer = await work.ask()
    assert answer.status_code == 504
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "gateway_timeout"
    assert work.events == ["cancelled"]


async def test_what_is_in_time_is_answered() -> None:
    work = Work()

    @work.app.get("/{pause}", timeout=LONG)
    async def show(pause: float) -> str:
        await asyncio.sleep(pause)
        await asyncio.sleep(0)
        return "shown"

    assert (await work.ask("/0.001")).json() == "shown"


async def test_what_never_waits_sets_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    timers: List[float] = []
    loop: Any = asyncio.get_running_loop()
    if not isinstance(loop, asyncio.BaseEventLoop):
        pytest.skip("its methods cannot be replaced")
    call_later = loop.call_later

    def later(delay: float, *rest: Any) -> Any:
        timers.append(delay)
        return call_later(delay, *rest)

    monkeypatch.setattr(loop, "call_later", later)

    async def endpoint(request: Request) -> Response:
        if request.path == "/waits":
            await asyncio.sleep(0)
        return PlainTextResponse("shown")

    for path in ("/", "/waits"):
        assert (await keep_deadline(7)(endpoint)(make_request(path))).body == b"shown"
    assert [round(delay) for delay in timers] == [7]


@pytest.mark.parametrize(
    ("app", "router", "route", "status"),
    [
        (0, None, None, 200),
        (SHORT, None, None, 504),
        (LONG, SHORT, None, 504),
        (LONG, None, SHORT, 504),
        (SHORT, LONG, None, 200),
        (SHORT, SHORT, LONG, 200),
        (SHORT, 0, None, 200),
        (SHORT, None, 0, 200),
    ],
)
async def test_the_nearest_one_who_says_how_long_is_right(
    app: float, router: Optional[float], route: Optional[float], status: int
) -> None:
    work = Work(request_timeout=app)
    routes = Router(prefix="/a") if router is None else Router(prefix="/a", timeout=router)

    async def show() -> str:
        await asyncio.sleep(5 * SHORT)
        return "shown"

    (routes.get("/b") if route is None else routes.get("/b", timeout=route))(show)
    work.app.include_router(routes)
    assert (await work.ask("/a/b")).status_code == status


async def test_of_two_deadlines_around_each_other_the_sooner_holds() -> None:
    seen: List[float] = []

    async def show(deadline: Deadline) -> str:
        seen.append(deadline.remaining())
        await asyncio.sleep(5 * SHORT)
        return "shown"

    for outer, inner in ((LONG, SHORT), (SHORT, LONG)):
        work, below = Work(), Application(request_timeout=inner)
        below.get("/")(show)
        routes = Router(timeout=outer)
        routes.mount("/below", below)
        work.app.include_router(routes)
        assert (await work.ask("/below/")).status_code == 504
    assert all(0 < left <= SHORT for left in seen)


async def test_a_dependency_can_ask_how_long_it_has() -> None:
    work = Work()

    def blocking(deadline: Deadline) -> float:
        return deadline.remaining()

    async def asynchronous(context: Context) -> float:
        return context.deadline.remaining()

    @work.app.get("/", timeout=LONG)
    @work.app.get("/ever")
    async def show(
        deadline: Deadline,
        one: Annotated[float, Depends(blocking)],
        two: Annotated[float, Depends(asynchronous)],
    ) -> List[bool]:
        return [0 < left <= LONG for left in (deadline.remaining(), one, two)]

    assert (await work.ask()).json() == [True] * 3
    assert (await work.ask("/ever")).json() == [False] * 3
    assert await work.app.call(no_deadline) == float("inf")


async def no_deadline(deadline: Deadline) -> float:
    return deadline.remaining()


def test_a_deadline_counts_down_by_its_clock() -> None:
    now = 10.0
    deadline = Deadline(clock=lambda: now).within(5)
    assert (deadline.at, deadline.remaining()) == (15, 5)
    assert deadline.within(7) == deadline
    assert deadline.within(3).at == 13
    now = 16.0
    assert deadline.remaining() == 0


async def test_the_deadline_is_over_with_the_answer() -> None:
    seen: List[float] = []

    async def endpoint(request: Request) -> Response:
        seen.append(request.deadline.remaining())
        return PlainTextResponse("shown")

    async def fail(request: Request) -> Response:
        raise LookupError

    request = make_request()
    await keep_deadline(LONG)(endpoint)(request)
    with pytest.raises(LookupError):
        await keep_deadline(LONG)(fail)(request)
    assert seen[0] <= LONG
    assert request.deadline.remaining() == float("inf")


# Resources -----------------------------------------------------------------------------------------------------------


async def test_resources_are_told_and_close_before_the_answer() -> None:
    work = Work()

    @work.app.get("/", timeout=SHORT)
    async def show(value: Annotated[str, Depends(work.resource)]) -> None:
        await work.wait()

    @work.app.exception_handler(GatewayTimeoutException)
    async def handle(request: Request, exc: Exception) -> Response:
        work.events.append("answer")
        return PlainTextResponse("late", status_code=504)

    assert (await work.ask()).text == "late"
    assert work.events == ["open", "cancelled", "CancelledError", "closed", "answer"]


async def test_what_a_resource_raises_instead_is_the_answer() -> None:
    work = Work()

    async def resource() -> AsyncIterator[None]:
        try:
            yield
        except asyncio.CancelledError:
            raise HTTPException(503, "busy") from None

    @work.app.get("/", timeout=SHORT)
    async def show(nothing: Annotated[None, Depends(resource)]) -> None:
        await work.wait()

    assert (await work.ask()).status_code == 503


async def test_a_handler_that_goes_on_all_the_same_is_heard() -> None:
    work = Work()

    @work.app.get("/", timeout=SHORT)
    async def show() -> str:
        try:
            await work.wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0.001)
        return "half of it"

    @work.app.middleware("http")
    async def around(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        await asyncio.sleep(0)
        return response

    answer = await work.ask()
    assert (answer.status_code, answer.json()) == (200, "half of it")


async def test_a_stream_has_all_the_time_once_it_has_begun() -> None:
    work = Work()

    @work.app.get("/", timeout=SHORT)
    async def show() -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"a"
            await asyncio.sleep(3 * SHORT)
            yield b"b"

        return StreamingResponse(pieces())

    assert (await work.ask()).content == b"ab"


async def test_guards_and_middleware_of_the_route_are_in_its_time() -> None:
    work = Work()

    async def slow(connection: object) -> None:
        await work.wait()

    @work.app.get("/", timeout=SHORT, guards=[slow])
    async def show() -> None: ...

    assert (await work.ask()).status_code == 504
    assert work.events == ["cancelled"]


async def test_a_body_that_does_not_come_is_in_its_time() -> None:
    work = Work()

    @work.app.post("/", timeout=SHORT)
    async def add(request: Request) -> int:
        return len(await request.body())

    sent: List[Dict[str, Any]] = []

    async def receive() -> Dict[str, Any]:
        await asyncio.sleep(LONG)
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(b"host", b"x"), (b"content-length", b"3")],
        "client": None,
    }
    app: Any = work.app
    await app(scope, receive, send)
    assert sent[0]["status"] == 504


# Other cancellations -------------------------------------------------------------------------------------------------


async def test_the_server_that_stops_is_not_taken_for_the_deadline() -> None:
    work = Work()
    work.app.get("/", timeout=LONG)(work.wait)
    request = await call(work.app, work.events)
    await asyncio.sleep(0.01)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert work.events == ["cancelled"]


async def test_a_deadline_does_not_cut_short_what_ends_because_of_others() -> None:
    work = Work()

    @work.app.get("/", timeout=5 * SHORT)
    async def show() -> None:
        try:
            await work.wait()
        finally:
            await asyncio.sleep(10 * SHORT)
            work.events.append("tidied up")

    request = await call(work.app, work.events)
    await asyncio.sleep(SHORT)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert work.events == ["cancelled", "tidied up"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tasks do not count who cancels them")
async def test_a_deadline_leaves_no_cancellation_behind() -> None:
    work = Work()
    work.app.get("/", timeout=SHORT)(work.wait)
    request = await call(work.app, work.events)
    await request
    assert request.cancelling() == 0


async def test_a_client_that_leaves_and_a_deadline_may_both_be_waited_for() -> None:
    work = Work(cancel_on_disconnect=True)
    work.app.get("/", timeout=SHORT)(work.wait)
    assert (await work.ask()).status_code == 504
    assert work.events == ["cancelled"]


def test_a_loop_that_is_closed_in_the_middle_closes_the_work() -> None:
    work = Work()

    async def endpoint(request: Request) -> Response:
        try:
            await asyncio.sleep(LONG)
        except GeneratorExit:
            work.events.append("closed")
            raise
        return PlainTextResponse()

    steps: Any = keep_deadline(LONG)(endpoint)(make_request())
    loop = new_loop()
    task = loop.create_task(steps)
    loop.run_until_complete(asyncio.sleep(0.001))
    assert not task.done()
    steps.close()
    loop.close()
    assert work.events == ["closed"]
    task._log_destroy_pending = False  # type: ignore[attr-defined]


# Mistakes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [-1, "30", True, float("inf"), float("nan"), None])
def test_what_is_no_number_of_seconds_is_refused(wrong: Any) -> None:
    work = Work()
    work.app.get("/", timeout=wrong)(work.wait)
    with pytest.raises(SetupError, match=r"timeout=.*slow_work\.py"):
        work.app.build()


def test_a_socket_has_no_deadline() -> None:
    work = Work()

    @work.app.websocket("/", timeout=1)
    async def live() -> None: ...

    with pytest.raises(SetupError, match=r"timeout=.*test_timeout\.py"):
        work.app.build()
