"""The client for tests that cannot wait: one loop in one thread, and nothing left of it."""

import asyncio
import gc
import re
import subprocess
import sys
import threading
import time
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from microframe.testing import ClientTimeout, TestClient, portal
from microframe.testing.waiting import Receive, Scope, Send
from tests.testing.applications import Life, Routes, answering, echo
from tests.wire import LIMIT

ROOT = Path(__file__).parents[2]

current: ContextVar[str] = ContextVar("current", default="nobody")


BEFORE: set[threading.Thread] = set()


@pytest.fixture(autouse=True)
def remember_threads() -> None:
    """Other tests of this process may have a client that lives as long as their module."""
    BEFORE.clear()
    BEFORE.update(threading.enumerate())


def threads() -> list[str]:
    started = set(threading.enumerate()) - BEFORE
    return [thread.name for thread in started if thread.name.startswith("microframe")]


async def where(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the thread and the loop it runs in, and with the test's context variable."""
    told = f"{threading.get_ident()} {id(asyncio.get_running_loop())} {current.get()}"
    current.set("application")
    await answering(told.encode())(scope, receive, send)


def test_all_requests_run_on_one_loop_in_another_thread() -> None:
    app = Life(where)
    with TestClient(app) as client:
        answers = {client.get("/").text for _ in range(3)}
        assert len(threads()) == 1
    assert len(answers) == 1
    assert not answers.pop().startswith(f"{threading.get_ident()} ")
    assert app.events == ["startup", "request", "request", "request", "shutdown"]
    assert threads() == []


def test_context_variables_of_the_test_reach_the_application() -> None:
    with TestClient(Life(where)) as client:
        token = current.set("test")
        assert client.get("/").text.endswith(" test")
        current.reset(token)
        assert client.get("/").text.endswith(" nobody")


def test_without_entering_the_loop_lasts_as_long_as_the_client() -> None:
    client = TestClient(where)
    assert client.get("/").text == client.get("/").text
    assert len(threads()) == 1
    del client
    gc.collect()
    assert threads() == []


def test_a_client_that_was_closed_begins_again() -> None:
    client = TestClient(where)
    client.get("/")
    client.close()
    client.close()
    assert threads() == []
    assert client.get("/").status_code == 200
    client.close()


async def test_it_works_inside_a_running_loop() -> None:
    with TestClient(Life(echo)) as client:
        assert client.get("/").status_code == 200


def test_methods_options_and_settings_are_the_async_clients() -> None:
    app = Routes(**{"api/a": echo})
    client = TestClient(
        app, "https://testserver/api", headers={"x-a": "1"}, cookies={"c": "1"}, follow_redirects=False
    )
    told = client.post("/a", json=[1]).json()
    assert (told["method"], told["body"]) == ("POST", "[1]")
    client.headers["x-a"] = "2"
    client.cookies["c"] = "2"
    sent = dict(client.get("/a").json()["headers"])
    assert (sent["x-a"], sent["cookie"], str(client.base_url)) == ("2", "c=2", "https://testserver/api")
    assert client.app is app
    with pytest.raises(TypeError, match="jason"):
        client.get("/", jason={})  # type: ignore[call-arg]


def test_headers_and_cookies_can_be_set_anew() -> None:
    client = TestClient(echo, headers={"x-a": "1"}, cookies={"a": "1"})
    client.headers = {**client.headers, "x-b": "2"}
    client.cookies = {"b": "2"}
    sent = dict(client.get("/").json()["headers"])
    assert (sent["x-a"], sent["x-b"], sent["user-agent"], sent["cookie"]) == ("1", "2", "testclient", "b=2")


def test_nothing_is_said_when_the_interpreter_ends_before_the_client() -> None:
    program = (
        "from microframe.testing import TestClient\n"
        "from tests.testing.applications import echo\n"
        "client = TestClient(echo)\n"
        "print(client.get('/').status_code)\n"
    )
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", program]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=LIMIT)
    # In this mode asyncio tells of each turn that took longer than 0.1 s: that is said of a busy machine alone.
    said = [
        line
        for line in ended.stderr.splitlines()
        if not re.fullmatch(r"Executing <.* took [\d.]+ seconds", line)
    ]
    assert (ended.stdout, said, ended.returncode) == ("200\n", [], 0)


def test_exceptions_come_with_the_applications_traceback() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("own")

    with pytest.raises(LookupError, match="own") as caught:
        TestClient(app).get("/")
    assert caught.traceback[-1].name == "app"


def test_tasks_and_generators_left_on_the_loop_are_ended() -> None:
    ended: list[str] = []

    async def background() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("task")

    async def generator() -> Any:
        try:
            yield 1
        finally:
            ended.append("generator")

    kept: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        kept.append(asyncio.ensure_future(background()))
        kept.append(generator())
        await kept[1].__anext__()
        await asyncio.sleep(0)
        await answering()(scope, receive, send)

    with TestClient(Life(app)) as client:
        client.get("/")
    assert ended == ["task", "generator"]


def test_an_application_that_uses_the_client_on_its_own_loop_is_told() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        client.get("/")

    client = TestClient(app)
    with pytest.raises(RuntimeError, match="use AsyncTestClient"):
        client.get("/")


def test_a_loop_that_is_blocked_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal, "BLOCKED_AFTER", 0.02)

    told: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while not told:
            time.sleep(0.001)
        await answering()(scope, receive, send)

    client = TestClient(app, timeout=1)
    try:
        with pytest.raises(ClientTimeout, match=r"event loop is blocked: .*test_blocking.py.*in app"):
            client.get("/")
    finally:
        told.append(True)
        client.close()


def test_a_request_that_takes_too_long_fails() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(60)

    with pytest.raises(ClientTimeout, match=r"there is no answer after 0\.02 s"):
        TestClient(app).get("/", timeout=0.02)


def test_several_threads_may_use_one_client() -> None:
    with TestClient(Life(echo)) as client:
        answers: list[int] = []
        workers = [
            threading.Thread(
                target=lambda: answers.append(client.get("/").status_code), name=f"worker {number}"
            )
            for number in range(8)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert answers == [200] * 8


def test_pytest_does_not_take_the_clients_for_tests() -> None:
    assert TestClient.__test__ is False
