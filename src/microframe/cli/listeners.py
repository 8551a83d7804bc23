"""Listeners: the sockets that a server accepts from, opened first, so that a failure is one clear line."""

import contextlib
import errno
import ipaddress
import os
import socket
from typing import Iterator, List, Optional, Tuple

from microframe.cli.failure import FAILED, USAGE, Failure
from microframe.routing.place import shown_path

Bindable = Tuple[int, Tuple[object, ...]]
"""A family and an address of it."""


def open_listeners(host: str, port: int) -> List[socket.socket]:
    """One socket for each address that a host name stands for, all on one port; port 0 takes a free one.

    Raises:
        Failure: the host is unknown, or none of its addresses can be bound.
    """
    listeners: List[socket.socket] = []
    failure: Optional[Failure] = None
    for family, address in addresses_of(host, port):
        taken = listeners[0].getsockname()[1] if listeners else port
        try:
            listeners.append(bind(family, (address[0], taken, *address[2:])))
        except OSError as exc:
            # A name may stand for an address that this machine does not have: ::1 without IPv6.
            if exc.errno != errno.EADDRNOTAVAIL or failure is None:
                failure = Failure(f"cannot listen on {host}:{port}: {reason(exc)}", FAILED)
            if exc.errno != errno.EADDRNOTAVAIL:
                close_all(listeners)
                raise failure from exc
    if not listeners and failure is not None:
        raise failure
    return listeners


def addresses_of(host: str, port: int) -> List[Bindable]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as exc:
        raise Failure(
            f"cannot listen on {host}:{port}: {getattr(exc, 'strerror', None) or exc}", FAILED
        ) from exc
    return list(dict.fromkeys((int(family), address) for family, _, _, _, address in found))


def bind(family: int, address: Tuple[object, ...]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
    except BaseException:
        listener.close()
        raise
    return listener


def reason(exc: OSError) -> str:
    return "it is already in use" if exc.errno == errno.EADDRINUSE else (exc.strerror or str(exc)).lower()


def is_loopback(host: str) -> bool:
    """Whether everything a host name stands for can be reached from this machine alone."""
    addresses = [str(address[0]).partition("%")[0] for _, address in addresses_of(host, 0)]
    return all(ipaddress.ip_address(address).is_loopback for address in addresses)


# Other places -----------------------------------------------------------------------------------------------


def inherit(descriptor: int) -> socket.socket:
    """A socket that the parent process has opened (systemd's socket activation begins at 3).

    Raises:
        Failure: there is none.
    """
    try:
        return socket.socket(fileno=descriptor)
    except OSError as exc:
        raise Failure(f"file descriptor {descriptor} is no socket: {reason(exc)}", USAGE) from exc


@contextlib.contextmanager
def unix_listener(path: str) -> Iterator[socket.socket]:
    """A Unix socket at `path`, which is removed afterwards; one that a dead server left there is replaced.

    Raises:
        Failure: another server has it, or something else is there.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise Failure("this system has no Unix sockets", USAGE)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if is_abandoned(path):
            os.unlink(path)
        listener.bind(path)
    except OSError as exc:
        listener.close()
        raise Failure(f"cannot listen on {path}: {reason(exc)}", FAILED) from exc
    try:
        yield listener
    finally:
        listener.close()
        with contextlib.suppress(OSError):
            os.unlink(path)


def is_abandoned(path: str) -> bool:
    """Whether a socket is there that nobody listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        try:
            client.connect(path)
        except OSError as exc:
            return exc.errno == errno.ECONNREFUSED and not os.path.isfile(path)
    return False


def close_all(listeners: List[socket.socket]) -> None:
    for listener in listeners:
        listener.close()


def url_of(listener: socket.socket) -> str:
    """Where a listener is reached: `http://127.0.0.1:8000`, or the path of a Unix socket."""
    name = listener.getsockname()
    if not isinstance(name, tuple):
        return f"unix:{shown_path(os.fsdecode(name))}"
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"http://{host}:{name[1]}"
