"""What the figures were measured on: Python, system, processor, packages."""

import os
import platform
import sys
from importlib import metadata
from typing import Dict, List, Sequence

from benchmarks.peers import LAYER_PEERS, PEERS

ALSO = (
    "pydantic",
    "pydantic-core",
    "msgspec",
    "orjson",
    "uvicorn",
    "httptools",
    "uvloop",
    "websockets",
    "ujson",
)


def describe() -> Dict[str, str]:
    """Python, system and processor, in words."""
    return {
        "Python": "%s %s" % (platform.python_implementation(), sys.version.split(" (")[0]),
        "System": "%s %s, %s" % (platform.system(), platform.release(), platform.machine()),
        "Processor": "%s, %d cores visible" % (_processor(), os.cpu_count() or 1),
        "Load average at the end": ", ".join("%.2f" % part for part in os.getloadavg())
        if hasattr(os, "getloadavg")
        else "?",
    }


def is_shared() -> bool:
    """Whether more runs here than there are cores, of which a benchmark takes one or two."""
    return hasattr(os, "getloadavg") and max(os.getloadavg()[:2]) > max(2, os.cpu_count() or 1) + 0.5


def versions(peers: Sequence[str]) -> List[str]:
    """`name version` of every measured framework and of what does their work."""
    names = [name for peer in peers for name in {**LAYER_PEERS, **PEERS}[peer].distributions]
    found: List[str] = []
    for name in dict.fromkeys([*names, *ALSO]):
        try:
            found.append("%s %s" % (name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
