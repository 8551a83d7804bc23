"""Server: uvicorn as this framework wants it: trusting nobody, and finishing every request."""

import asyncio
import importlib.util
import logging
import signal
import socket
from multiprocessing import parent_process
from types import FrameType
from typing import Any, Callable, Dict, Final, List, Optional

from microframe import AppConfig, Application
from microframe.asgi.access import watch
from microframe.cli.access_log import build_report
from microframe.cli.failure import FAILED, UNLOADABLE
from microframe.cli.plan import Plan
from microframe.cli.target import Loaded
from microframe.extras import requires_extra

with requires_extra("server"):
    import uvicorn
    from uvicorn.config import WS_PROTOCOLS

logger = logging.getLogger("microframe.cli")

HURRY: Final[Optional[signal.Signals]] = getattr(signal, "SIGUSR1", None)
"""What tells a worker to drop what is in flight; Windows has no such signal."""
REQUEST_LINE = 1_024
"""Bytes of a request line besides its path."""


class Server(uvicorn.Server):
    """Says when it serves, and stops gracefully: the same signal again makes it drop what is left.

    A worker is told to hurry by its parent alone (`HURRY`): a signal to the whole group, as a service manager sends it,
    reaches the worker twice.
    """

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._stopped = False

    async def startup(self, sockets: Optional[List[socket.socket]] = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._loop = asyncio.get_running_loop()
            if self.should_exit:
                # Older servers that are to stop before their main loop leave out the end of the lifespan.
                self.should_exit = False
                self._loop.call_soon(self._stop)
            self._ready()

    async def shutdown(self, sockets: Optional[List[socket.socket]] = None) -> None:
        busy = len(self.server_state.tasks)
        if busy or parent_process() is None:
            logger.info("stopping%s", f": {busy} in flight" if busy else "")
        await super().shutdown(sockets)
        self._stopped = True

    def handle_exit(self, sig: int, frame: Optional[FrameType]) -> None:
        if self._stopped:
            return  # uvicorn raises what it heard once more, for whoever listened before it
        is_again = sig in self._captured_signals and parent_process() is None
        if (is_again or sig == HURRY) and not self.force_exit:
            self.force_exit = True
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._drop_connections)
            else:
                # The application hangs in its start, and nothing is in flight: the system ends it.
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                signal.raise_signal(signal.SIGTERM)
        if sig != HURRY:  # uvicorn raises again what it has heard
            self._captured_signals.append(sig)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop)
        else:
            self.should_exit = True

    def _stop(self) -> None:
        self.should_exit = True

    def _drop_connections(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for task in list(self.server_state.tasks):
            task.cancel()


def serve(
    app: Loaded, config: AppConfig, plan: Plan, sockets: List[socket.socket], ready: Callable[[], None]
) -> int:
    """Serve until a signal stops it, and give the exit code. `ready` is called once requests are accepted."""
    server = Server(uvicorn.Config(**server_options(app, config, plan)), ready)
    for sig in (signal.SIGINT, signal.SIGTERM):
        # Heard from now on, and not only once uvicorn listens; and a graceful stop is no death by signal.
        signal.signal(sig, server.handle_exit)
    if HURRY is not None and parent_process() is not None:
        signal.signal(HURRY, server.handle_exit)
    try:
        server.run(sockets=sockets)
    except SystemExit as exc:
        return int(exc.code or 0) if server.started else UNLOADABLE
    if not server.started:
        return UNLOADABLE
    failed = getattr(server.lifespan, "shutdown_failed", False)
    return FAILED if server.force_exit or failed else 0


def server_options(app: Loaded, config: AppConfig, plan: Plan) -> Dict[str, Any]:
    """The settings of uvicorn. What the application sees to itself stays off: proxies, `root_path`, logs."""
    logged = plan.logs.access and plan.logs.level in ("info", "debug")
    return {
        "app": watch(app, build_report(config, plan.logs)) if logged else app,
        "interface": "asgi3",
        "lifespan": "on" if isinstance(app, Application) else "auto",
        "http": http_protocol(),
        "ws": "websockets-sansio" if "websockets-sansio" in WS_PROTOCOLS else "auto",
        "ws_max_size": config.websocket_max_message_size,
        "log_config": None,
        "access_log": False,
        "proxy_headers": False,
        "server_header": False,
        "workers": 1,
        "timeout_graceful_shutdown": plan.grace,
        # A little more than the application takes, so that it is the application that answers.
        "h11_max_incomplete_event_size": 2 * (config.max_header_size + config.max_path_size) + REQUEST_LINE,
    }


def http_protocol() -> Any:
    """httptools where it is installed, within our bounds; otherwise h11, which has the like of its own."""
    if importlib.util.find_spec("httptools") is None:
        return "h11"
    from microframe.cli.protocol import BoundedProtocol

    return BoundedProtocol
