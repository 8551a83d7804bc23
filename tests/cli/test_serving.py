"""`microframe run` in real processes: requests over real HTTP, signals, exit codes."""

import contextlib
import http.client
import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.cli.programs import HELLO, eventually, in_flight, let_go_on, running
from tests.wire import LIMIT

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(HELLO)
    return tmp_path


def test_an_application_is_served_until_a_signal_stops_it(program: Path) -> None:
    with running(program, "app:app", "--port", "0") as server:
        server.ready()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LIMIT)
        connection.request("GET", "/")
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b'"hello"')
        assert "server" not in response.headers
        assert "date" in response.headers
        connection.close()
        connection.putrequest("GET", "/%0d%0aFAKE%20LOG%1b[2J?token=secret")
        connection.endheaders()
        assert connection.getresponse().status == 404
        connection.close()
        # What nobody vouches for is not believed: proxy headers, and a name for the server.
        settings = json.loads(server.get("/settings", {"X-Forwarded-For": "9.9.9.9"})[1])
        assert settings == {"title": "Hello", "root_path": "", "client": "127.0.0.1"}
        assert server.stop() == 0
    assert [line.split()[1:5] for line in server.output] == [
        ["127.0.0.1", "GET", "/", "200"],
        ["127.0.0.1", "GET", "/%0d%0aFAKE%20LOG%1b[2J", "404"],
        ["127.0.0.1", "GET", "/settings", "200"],
    ]
    told = [line.partition(": ")[2] for line in server.errors]
    assert told[0].endswith(f"is served at http://127.0.0.1:{server.port} (development, 5 routes)")
    assert told[1:] == ["its routes: microframe routes app:app; Ctrl+C stops it", "stopping"]


def test_settings_of_the_command_line_reach_the_application(program: Path) -> None:
    (program / "settings").write_text("MICROFRAME_TITLE=ignored\nMICROFRAME_HTTPS_ONLY=false\n")
    (program / "app.py").write_text(HELLO.replace('Application(title="Hello")', "Application()"))
    with running(
        program,
        *("--port", "0", "--env-file", "settings", "--root-path", "/api"),
        *("--trusted-proxies", "10.0.0.1,127.0.0.1", "--log-format", "json"),
    ) as server:
        server.port = int(server.wait_for(r"ignored is served at http://127\.0\.0\.1:(\d+)")[1])
        settings = json.loads(server.get("/settings", {"X-Forwarded-For": "9.9.9.9"})[1])
        assert settings == {"title": "ignored", "root_path": "/api", "client": "9.9.9.9"}
        assert server.stop() == 0
    assert [json.loads(line)["client"] for line in server.output] == ["9.9.9.9"]
    assert json.loads(server.errors[-1])["message"] == "stopping"


def test_requests_in_flight_are_finished_and_new_ones_refused(program: Path) -> None:
    with running(program, "--port", "0", "--no-access-log") as server:
        server.ready()
        answers: list[tuple[int, str]] = []
        threads = [threading.Thread(target=lambda: answers.append(server.get("/wait"))) for _ in range(20)]
        with connect(f"ws://127.0.0.1:{server.port}/echo") as client:
            client.send("hello")
            assert client.recv(LIMIT) == "hello"
            for thread in threads:
                thread.start()
            assert in_flight(program, 20)
            server.signal()
            server.wait_for("stopping")
            with pytest.raises(ConnectionClosed) as caught:
                client.recv(LIMIT)
            received = caught.value.rcvd
            assert received is not None
            assert received.code in (1001, 1012)
        with pytest.raises(OSError, match="refused"):
            server.get("/")
        let_go_on(program)
        assert server.end() == 0
        for thread in threads:
            thread.join()
    assert answers == [(200, '"waited"')] * 20
    assert server.output == []


def test_the_same_signal_again_drops_what_is_in_flight(program: Path) -> None:
    with running(program, "--port", "0") as server:
        server.ready()
        lost: list[BaseException] = []

        def ask() -> None:
            try:
                server.get("/wait")
            except (OSError, http.client.HTTPException) as exc:
                lost.append(exc)

        thread = threading.Thread(target=ask)
        thread.start()
        assert in_flight(program, 1)
        server.signal(signal.SIGINT)
        server.wait_for("stopping")
        server.signal(signal.SIGINT)
        assert server.end() == 1
        thread.join()
    assert len(lost) == 1


def test_requests_that_do_not_finish_in_time_are_cancelled(program: Path) -> None:
    statuses: list[int] = []
    with running(program, "--port", "0", "--timeout-graceful-shutdown", "1") as server:
        server.ready()
        thread = threading.Thread(target=lambda: statuses.append(server.get("/wait")[0]))
        thread.start()
        assert in_flight(program, 1)
        assert server.stop() == 0
        thread.join()
    assert statuses == [500]


FAILING = """
from microframe import Application

async def database(app):
    if True:
        raise ConnectionError("no database")
    yield

app = Application(lifespan=database)
"""


HANGING = """
import asyncio, signal
from microframe import Application

async def database(app):
    stop = signal.getsignal(signal.SIGTERM)

    def hear(number, frame):
        stop(number, frame)
        print("heard", flush=True)

    signal.signal(signal.SIGTERM, hear)
    print("starting", flush=True)
    await asyncio.Event().wait()
    yield

app = Application(lifespan=database)
"""


def test_the_same_signal_again_ends_a_start_that_hangs(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(HANGING)
    with running(tmp_path, "--port", "0") as server:
        server.wait_for("starting")
        server.signal()
        server.wait_for("heard")
        assert server.process.poll() is None
        assert server.stop() == -signal.SIGTERM


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_start_that_fails_is_one_line_that_names_its_owner(tmp_path: Path, workers: str) -> None:
    (tmp_path / "app.py").write_text(FAILING)
    with running(tmp_path, "--port", "0", "--workers", workers) as server:
        assert server.end() == 3
    said = [line for line in server.errors if "microframe.cli" not in line]
    assert 1 <= len(said) <= int(workers), server.errors
    assert {line.partition("start-up failed: ")[2] for line in said} == {
        f"the lifespan of the application, database ({tmp_path}/app.py:4), did not start: "
        "ConnectionError: no database"
    }


def test_verbose_shows_the_traceback_of_a_start_that_fails(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(FAILING)
    with running(tmp_path, "--port", "0", "-v") as server:
        assert server.end() == 3
    assert "  ConnectionError: no database" in server.errors


def test_a_stop_that_fails_is_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(FAILING.replace("    if True:", "    yield\n    if True:"))
    with running(tmp_path, "--port", "0") as server:
        server.wait_for("is served at")
        assert server.stop() == 1
    assert any("did not stop: ConnectionError: no database" in line for line in server.errors), server.errors


def test_workers_serve_together_are_replaced_and_stop_together(program: Path) -> None:
    with running(program, "--port", "0", "--workers", "2") as server:
        server.ready()
        assert "2 workers" in server.errors[0]
        found: set[int] = set()

        def both_answered() -> bool:
            found.add(int(server.get("/process")[1]))
            return len(found) == 2

        assert eventually(both_answered)
        assert server.process.pid not in found
        killed = found.pop()
        os.kill(killed, signal.SIGKILL)
        server.wait_for(rf"worker {killed} has ended \(exit code -9\) and is replaced")
        assert eventually(lambda: int(server.get("/process")[1]) not in {killed, *found})
        answers: list[tuple[int, str]] = []
        thread = threading.Thread(target=lambda: answers.append(server.get("/wait")))
        thread.start()
        assert in_flight(program, 1)
        server.signal()
        server.wait_for("stopping 2 workers")
        let_go_on(program)
        assert server.end() == 0
        thread.join()
        with pytest.raises(OSError, match="refused"):
            server.get("/")
    assert answers == [(200, '"waited"')]


def test_a_signal_to_all_processes_at_once_stops_workers_as_gracefully(program: Path) -> None:
    with running(program, "--port", "0", "--workers", "2") as server:
        server.ready()
        found: set[int] = set()

        def both_answered() -> bool:
            found.add(int(server.get("/process")[1]))
            return len(found) == 2

        assert eventually(both_answered)
        answers: list[tuple[int, str]] = []
        thread = threading.Thread(target=lambda: answers.append(server.get("/wait")))
        thread.start()
        assert in_flight(program, 1)
        for process in found:
            os.kill(process, signal.SIGTERM)
        server.signal()
        server.wait_for("stopping 2 workers")
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
        let_go_on(program)
        assert server.end() == 0
        thread.join()
    assert answers == [(200, '"waited"')]


def test_the_same_signal_again_makes_workers_drop_what_is_in_flight(program: Path) -> None:
    with running(program, "--port", "0", "--workers", "2") as server:
        server.ready()
        lost: list[BaseException] = []

        def ask() -> None:
            try:
                server.get("/wait")
            except (OSError, http.client.HTTPException) as exc:
                lost.append(exc)

        thread = threading.Thread(target=ask)
        thread.start()
        assert in_flight(program, 1)
        server.signal()
        server.wait_for("stopping: 1 in flight")
        server.signal()
        assert server.end() == 1
        thread.join()
    assert len(lost) == 1


def test_workers_end_with_their_parent(program: Path) -> None:
    with running(program, "--port", "0", "--workers", "2") as server:
        server.ready()
        server.signal(signal.SIGKILL)

        def refused() -> bool:
            try:
                server.get("/")
            except ConnectionRefusedError:
                return True
            except OSError:
                return False
            return False

        assert eventually(refused)


def test_a_change_reloads_and_a_broken_program_waits_for_the_next_one(program: Path) -> None:
    pytest.importorskip("watchfiles", reason="RELOADING IS NOT TESTED: watchfiles is not installed")
    with running(program, "--port", "0", "--reload") as server:
        server.ready()
        assert server.get() == (200, '"hello"')
        (program / "app.py").write_text(HELLO.replace('"hello"', '"changed"'))
        server.wait_for(r"app\.py changed: reloading")
        assert eventually(lambda: server.get() == (200, '"changed"'))
        (program / "app.py").write_text("import nothing_of_that_name\n")
        server.wait_for("microframe: app.py:1: there is no module 'nothing_of_that_name'")
        server.wait_for(r"the application has ended \(exit code 3\): waiting for a change")
        (program / "app.py").write_text(HELLO.replace('"hello"', '"mended"'))
        assert eventually(lambda: server.get() == (200, '"mended"'))
        assert server.stop() == 0


def test_a_unix_socket_is_served_and_removed(program: Path) -> None:
    with running(program, "--uds", "socket") as server:
        server.wait_for("is served at unix:socket ")
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(LIMIT)
            client.connect(str(program / "socket"))
            client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            assert client.makefile("rb").read().endswith(b'"hello"')
        assert server.stop() == 0
    assert not (program / "socket").exists()
    assert server.output[0].partition("Z ")[2].startswith("- GET / 200 ")


def test_an_inherited_socket_and_another_asgi_application_are_served(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(
        "async def app(scope, receive, send):\n"
        "    assert scope['type'] == 'http'\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
        "    await send({'type': 'http.response.body', 'body': b'other'})\n"
    )
    code = (
        "import os, socket, sys; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.set_inheritable(True); "
        "os.execv(sys.executable, [sys.executable, '-m', 'microframe', 'run', 'other', '--fd', str(s.fileno())])"
    )
    with running(tmp_path, program=(sys.executable, "-c", code)) as server:
        server.port = int(server.wait_for(r"other:app is served at http://127\.0\.0\.1:(\d+)")[1])
        assert server.get() == (200, "other")
        assert server.stop() == 0
