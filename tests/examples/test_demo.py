"""`make demo`: the board in real processes, which share sessions, limits, the cache and the records through a Redis."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Callable, NamedTuple, Optional
from urllib.parse import urlencode

import pytest

from tests.cli.programs import Server, running
from tests.servers import REDIS, find_program
from tests.wire import LIMIT, eventually

ROOT = Path(__file__).parents[2]
SCRIPT = str(ROOT / "scripts" / "demo.py")
BOARD = 3  # of the sample
CARDS = f"/boards/{BOARD}/cards"
SUMMARY = f"/boards/{BOARD}/summary"
FORM = {"content-type": "application/x-www-form-urlencoded"}
MANY = 200  # requests until each of two processes has had one

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(find_program("sh") is None, reason="there is no shell"),
]
needs_redis = pytest.mark.skipif(
    find_program(*REDIS) is None, reason="MISSING: redis-server, so the demo was not tested with it"
)


class Reply(NamedTuple):
    process: int
    status: int
    headers: http.client.HTTPMessage
    body: str


class Browser:
    """Cookies, and a new connection for each request: it leads to either process."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: SimpleCookie = SimpleCookie()
        self.asked: set[int] = set()

    def ask(self, path: str, method: str = "GET", body: str = "", **headers: str) -> Reply:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={one.value}" for name, one in self.cookies.items())
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        try:
            connection.request(method, path, body or None, sent)
            answer = connection.getresponse()
            for line in answer.headers.get_all("set-cookie", []):
                self.cookies.load(line)
            process = int(answer.headers["served-by"])
            self.asked.add(process)
            return Reply(process, answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()

    def until(self, holds: Callable[[Reply], bool], path: str, method: str = "GET", **more: str) -> Reply:
        """The first of many answers for which it holds."""
        for number in range(MANY):
            reply = self.ask(path.replace("{number}", str(number)), method, **more)
            if holds(reply):
                return reply
        raise AssertionError(f"{path}: no answer of {MANY} was it")

    def by(self, process: int, path: str) -> Reply:
        return self.until(lambda reply: reply.process == process, path)

    def token(self, page: Optional[Reply] = None) -> str:
        found = re.search('name="csrf-token" content="([^"]+)"', (page or self.ask("/")).body)
        assert found is not None
        return found[1]

    def sign_in(self, member_id: int) -> Reply:
        return self.ask(
            "/sign-in", "POST", urlencode({"member_id": member_id, "csrf_token": self.token()}), **FORM
        )


@contextmanager
def demo(**settings: str) -> Iterator[Server]:
    """The demo with these variables, in a session of its own, as a terminal would have started it."""
    words = [f"{name}={value}" for name, value in settings.items()]
    launch = "import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])"
    command = (sys.executable, "-c", launch, "env", *words, sys.executable, SCRIPT, "--port", "0")
    with running(ROOT, program=command) as server:
        yield server


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def redis_of(said: str) -> int:
    """The process of the Redis at an address, as it tells itself."""
    found = re.search(r"Redis is at redis://127\.0\.0\.1:(\d+)/0", said)
    assert found is not None
    with socket.create_connection(("127.0.0.1", int(found[1])), LIMIT) as connection:
        connection.sendall(b"INFO server\r\n")
        told = b""
        while b"process_id:" not in told or not told.rpartition(b"process_id:")[2].count(b"\n"):
            told += connection.recv(4096)
    return int(told.rpartition(b"process_id:")[2].split()[0])


@needs_redis
def test_two_processes_are_one_application_and_leave_nothing_behind() -> None:
    with demo(REDIS="1", WORKERS="2") as server:
        redis = redis_of(server.wait_for("Redis is at .*")[0])
        server.ready()
        browser = Browser(server.port)
        left = check_limit(browser)
        one, other = sorted(browser.asked)
        check_session(browser, one, other)
        check_token(browser, one)
        check_cache(browser, one, other)
        check_activity(browser)
        check_sign_ins(browser)
        assert is_alive(redis)
        assert left > 0
        assert server.stop() == 0
    assert not any(map(is_alive, (redis, one, other)))


def check_limit(browser: Browser) -> int:
    """Both processes count the same calls: what is left is one less each time, whoever answers."""
    left = []
    while len(browser.asked) < 2:
        reply = browser.ask("/shield/facts")
        assert reply.status == 200, "one of two processes has answered nothing"
        found = re.search(r'^"facts";r=(\d+);', reply.headers["ratelimit"])
        assert found is not None
        left.append(int(found[1]))
    assert left == [*range(299, 299 - len(left), -1)]
    return left[-1]


def check_session(browser: Browser, one: int, other: int) -> None:
    assert browser.sign_in(1).status == 303
    facts = [json.loads(browser.by(process, "/shield/facts").body) for process in (one, other)]
    assert facts[0] == facts[1]
    assert (facts[0]["user"], len(facts[0]["session"])) == ("1", 12)
    pages = [browser.by(process, "/").body for process in (one, other)]
    assert all("You are <b>Ada</b>" in page for page in pages)
    assert sum("You are now Ada." in page for page in pages) <= 1  # each message is shown once


def check_token(browser: Browser, one: int) -> None:
    """What one process has signed the other accepts; without it nothing is changed."""
    token = browser.token(browser.by(one, "/"))
    card = {"content_type": "application/json", "body": '{"title": "From the other"}'}
    assert browser.ask(CARDS, "POST", **card).status == 403
    made = browser.until(lambda reply: reply.process != one, CARDS, "POST", x_csrf_token=token, **card)
    assert made.status == 201
    seen = browser.by(one, made.headers["location"].partition(str(browser.port))[2])
    assert json.loads(seen.body)["title"] == "From the other"


def check_cache(browser: Browser, one: int, other: int) -> None:
    """What one has counted the other sends from the cache, until somebody changes something."""
    browser.ask(
        CARDS, "POST", '{"title": "Forget"}', authorization="Bearer x", content_type="application/json"
    )
    first = browser.by(one, SUMMARY)
    kept = browser.by(other, SUMMARY)
    assert kept.headers["cache-status"].startswith("MicroFrame; hit")
    assert int(kept.headers["age"]) >= 0
    assert (kept.body, kept.headers["etag"]) == (first.body, first.headers["etag"])
    assert browser.ask(SUMMARY, if_none_match=first.headers["etag"]).status == 304
    browser.ask(CARDS, "POST", '{"title": "News"}', authorization="Bearer x", content_type="application/json")
    news = browser.ask(SUMMARY)
    assert json.loads(news.body)["cards"]["todo"] == json.loads(first.body)["cards"]["todo"] + 1


def check_activity(browser: Browser) -> None:
    """Who listens to one process hears what happens in the other."""
    connection = http.client.HTTPConnection("127.0.0.1", browser.port, timeout=LIMIT)
    try:
        connection.request("GET", f"/boards/{BOARD}/activity")
        events = connection.getresponse()
        title = f"Heard by {events.headers['served-by']}"
        browser.until(
            lambda reply: reply.process != int(events.headers["served-by"]),
            *(CARDS, "POST"),
            body=json.dumps({"title": title}),
            authorization="Bearer x",
            content_type="application/json",
        )
        assert any(title.encode() in line for line in events)
    finally:
        connection.close()


def check_sign_ins(browser: Browser) -> None:
    """Ten in a minute, whichever process is asked; one was before, unless that is a minute ago."""
    statuses = []
    while 429 not in statuses:
        statuses.append(Browser(browser.port).sign_in(2).status)
        assert len(statuses) <= 11
    assert statuses.count(303) in (9, 10)


@needs_redis
def test_ctrl_c_stops_the_redis_too() -> None:
    with demo(REDIS="1") as server:
        redis = redis_of(server.wait_for("Redis is at .*")[0])
        server.ready()
        assert Browser(server.port).ask("/").status == 200
        os.killpg(server.process.pid, signal.SIGINT)
        assert server.end() == 0
    assert not is_alive(redis)
    assert "Traceback" not in "".join(server.errors)


@needs_redis
def test_a_demo_that_cannot_be_served_stops_its_redis(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            [sys.executable, SCRIPT, "--port", str(taken.getsockname()[1])],
            env={**os.environ, "REDIS": "1", "TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=LIMIT * 2,
            check=False,
        )
    assert done.returncode != 0
    assert "Redis is at" in done.stderr
    assert not list(tmp_path.iterdir())  # the folder goes after the Redis that used it has ended


def test_without_any_redis_the_demo_says_so(tmp_path: Path) -> None:
    shell = shutil.which("sh")
    assert shell is not None
    (tmp_path / "sh").symlink_to(shell)  # and nothing else: neither a Redis nor what could install one
    done = subprocess.run(
        [sys.executable, SCRIPT],
        env={**os.environ, "REDIS": "1", "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=LIMIT * 2,
        check=False,
    )
    assert done.returncode == 69
    assert "needs redis-server or valkey-server" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_plain_demo_is_one_process_without_any_service() -> None:
    with demo() as server:
        server.ready()
        browser = Browser(server.port)
        assert {browser.ask("/shield/facts").process for _ in range(5)} == browser.asked
        assert len(browser.asked) == 1
        assert server.stop() == 0
    assert not any("Redis" in line for line in server.errors)


@needs_redis
def test_who_stops_make_stops_all_of_it(tmp_path: Path) -> None:
    if find_program("make") is None:
        pytest.skip("MISSING: make, so the Makefile was not asked")
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (tmp_path / ".ready").touch()  # what make takes for an environment that is set up
    make = ("env", "-u", "MAKEFLAGS", "make", f"VENV={tmp_path}", "PYTHON=")
    command = (*make, "demo", "REDIS=1", "PORT=0")
    with running(ROOT, program=command) as server:
        redis = redis_of(server.wait_for("Redis is at .*")[0])
        server.ready()
        browser = Browser(server.port)
        assert browser.ask("/").status == 200
        server.stop()
    eventually(lambda: not any(map(is_alive, (redis, *browser.asked))))
