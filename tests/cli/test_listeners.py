"""Where a server listens, opened before anything is served."""

import socket
from pathlib import Path

import pytest

from microframe.cli.failure import Failure
from microframe.cli.listeners import (
    close_all,
    inherit,
    is_loopback,
    open_listeners,
    unix_listener,
    url_of,
)


def test_port_0_is_a_free_port() -> None:
    listeners = open_listeners("127.0.0.1", 0)
    try:
        port = listeners[0].getsockname()[1]
        assert port > 0
        assert [url_of(listener) for listener in listeners] == [f"http://127.0.0.1:{port}"]
    finally:
        close_all(listeners)


def test_every_address_of_a_name_has_the_same_port() -> None:
    listeners = open_listeners("localhost", 0)
    try:
        assert len({listener.getsockname()[1] for listener in listeners}) == 1
    finally:
        close_all(listeners)


def test_a_port_in_use_is_told() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Failure) as caught:
            open_listeners("127.0.0.1", port)
    assert caught.value.message == f"cannot listen on 127.0.0.1:{port}: it is already in use"
    assert caught.value.exit_code == 1


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(Failure, match=r"cannot listen on 192\.0\.2\.1:0: cannot assign requested address"):
        open_listeners("192.0.2.1", 0)


def test_a_host_that_is_no_name_is_told() -> None:
    with pytest.raises(Failure, match="cannot listen on not a host:0"):
        open_listeners("not a host", 0)


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, answer: bool) -> None:
    assert is_loopback(host) is answer


def test_a_unix_socket_is_removed_afterwards_and_a_dead_one_replaced(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with unix_listener(str(path)) as listener:
        listener.listen()
        assert url_of(listener) == f"unix:{path}"
        with pytest.raises(Failure, match="it is already in use"), unix_listener(str(path)):
            pass
        assert path.exists()
    assert not path.exists()


def test_a_file_is_no_dead_socket(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("mine")
    with pytest.raises(Failure, match="it is already in use"), unix_listener(str(path)):
        pass
    assert path.read_text() == "mine"


def test_a_descriptor_that_is_no_socket_is_told(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file, pytest.raises(Failure, match="is no socket") as caught:
        inherit(file.fileno())
    assert caught.value.exit_code == 2
