"""Cold start, imports and memory: each figure from fresh processes, interleaved, best of several."""

import json
import subprocess
import sys
from typing import Any, Dict, List, Sequence

from benchmarks.peers import PEERS, Peer

IMPORT_TIMER = (
    "import time; w = time.perf_counter(); c = time.process_time(); {statement}; "
    "print(time.process_time() - c, time.perf_counter() - w)"
)


def measure(peers: Sequence[str], rounds: int) -> Dict[str, Dict[str, Dict[str, Any]]]:
    """Kind ("start", "serve", "package", "program") → framework → the best of its figures, or a `reason`."""
    runs: Dict[str, Dict[str, List[Dict[str, Any]]]] = {}
    for number in range(rounds + 1):
        for name in peers:
            print("fresh processes: %s, round %d" % (name, number), file=sys.stderr, flush=True)
            for kind in ("start", "serve", "package", "program"):
                if kind == "serve" and number:
                    continue
                outcome = _child(kind, PEERS[name])
                # The first round writes byte code and fills the page cache; memory needs no second.
                if number or kind == "serve" or "reason" in outcome:
                    runs.setdefault(kind, {}).setdefault(name, []).append(outcome)
    return {
        kind: {
            name: min(outcomes, key=lambda o: float(o.get("cpu", 0))) for name, outcomes in by_peer.items()
        }
        for kind, by_peer in runs.items()
    }


def _child(kind: str, peer: Peer) -> Dict[str, Any]:
    if kind in ("start", "serve"):
        if not peer.asgi:
            return {"reason": "not an ASGI application"}
        return _run([sys.executable, "-m", "benchmarks.fresh", kind, peer.name])
    statement = peer.imports if kind == "program" else "import %s" % peer.package
    if peer.package is None:
        return {"reason": "nothing to import"}
    return _run([sys.executable, "-c", IMPORT_TIMER.format(statement=statement)])


def _run(command: List[str]) -> Dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines() or ["no output"]
    if done.returncode != 0:
        return {"reason": lines[-1][:200]}
    if lines[-1].startswith("{"):
        loaded: Dict[str, Any] = json.loads(lines[-1])
        return loaded
    cpu, wall = lines[-1].split()
    return {"cpu": float(cpu), "wall": float(wall)}
