"""One framework on a real socket, for the wire runs: `python -m benchmarks.serve PEER APP PORT [CORE]`."""

import os
import sys
import warnings
from typing import Any, Optional

from benchmarks.peers import PEERS
from benchmarks.worker import build

HOST = "127.0.0.1"


def pin(core: Optional[int]) -> None:
    """Keep this process, and what it starts, on one core where the system can."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def serve(peer: str, application: str, port: int) -> None:
    """Serve until killed: uvicorn for ASGI applications, otherwise the framework's own server."""
    # Robyn reads the command line of whoever imports it.
    sys.argv = ["serve", "--log-level", "WARN"]
    app: Any = build(peer, application)
    server = PEERS[peer].server
    if server == "sanic":
        app.run(host=HOST, port=port, single_process=True, access_log=False, motd=False)
    elif server == "robyn":
        app.start(host=HOST, port=port)
    else:
        import uvicorn

        uvicorn.run(
            app,
            host=HOST,
            port=port,
            loop="uvloop",
            http="httptools",
            ws="auto",
            lifespan="on",
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
        )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    peer_name, application_name, number = sys.argv[1:4]
    pin(int(sys.argv[4]) if len(sys.argv) > 4 else None)
    serve(peer_name, application_name, int(number))
