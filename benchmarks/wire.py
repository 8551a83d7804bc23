"""Wire runs: each framework behind a real server on one core, the load on the other, over the loopback."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from typing import Dict, List, Optional, Sequence, Set

from benchmarks.serve import HOST, pin
from benchmarks.worker import unsupported
from benchmarks.workloads import Workload

CONNECTIONS = 32
START_SECONDS = 30.0
SECONDS = 1.0
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True)
class Load:
    """What one load run saw: requests per second, latencies and the server's CPU per request in seconds."""

    rate: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    cpu: Optional[float] = None
    reason: Optional[str] = None


@dataclass
class Wire:
    """All figures of a wire run: workload → framework → load; and what made the load."""

    generator: str
    figures: Dict[str, Dict[str, Load]] = field(default_factory=dict)


class ServerProcess:
    """A `benchmarks.serve` process."""

    def __init__(self, peer: str, application: str, core: Optional[int]) -> None:
        self.port = _free_port()
        self._log = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115 - closed by close()
        command = [sys.executable, "-m", "benchmarks.serve", peer, application, str(self.port)]
        self._process = subprocess.Popen(
            command + ([] if core is None else [str(core)]), stdout=self._log, stderr=subprocess.STDOUT
        )

    def wait(self) -> Optional[str]:
        """Until it accepts connections; why it does not, or None."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                self._log.seek(0)
                return "the server ended: " + (self._log.read().strip().splitlines() or ["?"])[-1][:160]
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
                return None
            except OSError:
                time.sleep(0.05)
        return "the server did not start"

    def cpu(self) -> Optional[float]:
        """Seconds of CPU used so far; None where there is no /proc."""
        try:
            with open("/proc/%d/stat" % self._process.pid) as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, anew: bool = False) -> Optional[float]:
        """Most MB of memory that it had so far; `anew` forgets what was before. None where there is no /proc."""
        try:
            if anew:
                with open("/proc/%d/clear_refs" % self._process.pid, "w") as marks:
                    marks.write("5")
            with open("/proc/%d/status" % self._process.pid) as status:
                found = re.search(r"VmHWM:\s+(\d+) kB", status.read())
        except OSError:
            return None
        return None if found is None else int(found.group(1)) * 1024 / 1e6

    def close(self) -> None:
        """Ends the server."""
        self._process.kill()
        self._process.wait()
        self._log.close()


def run(workloads: Sequence[Workload], peers: Sequence[str], rounds: int) -> Wire:
    """Load every workload of every framework in interleaved rounds of a second; the best round counts.

    All servers of one application stay up meanwhile; those that are not asked cost nothing.
    """
    wire = Wire("wrk" if shutil.which("wrk") else "the asyncio load generator in benchmarks/load.py")
    cores = (os.cpu_count() or 1) > 1 and hasattr(os, "sched_setaffinity")
    before: Set[int] = os.sched_getaffinity(0) if cores else set()
    try:
        for application in dict.fromkeys(workload.app for workload in workloads):
            servers = {peer: ServerProcess(peer, application, 0 if cores else None) for peer in peers}
            pin(1 if cores else None)
            try:
                reasons = {peer: server.wait() for peer, server in servers.items()}
                for workload in workloads:
                    if workload.app == application:
                        wire.figures[workload.name] = _measure(workload, servers, reasons, rounds)
            finally:
                for server in servers.values():
                    server.close()
    finally:
        if cores:
            os.sched_setaffinity(0, before)
    return wire


def _measure(
    workload: Workload, servers: Dict[str, ServerProcess], reasons: Dict[str, Optional[str]], rounds: int
) -> Dict[str, Load]:
    print("wire: %s" % workload.title, file=sys.stderr, flush=True)
    figures: Dict[str, Load] = {}
    for peer, server in servers.items():
        reason = reasons[peer] or unsupported(peer, workload.name) or _check(workload, server.port)
        if reason is not None:
            figures[peer] = Load(reason=reason)
    taken: Dict[str, List[Load]] = {peer: [] for peer in servers if peer not in figures}
    for _ in range(rounds):
        for peer, loads in taken.items():
            loads.append(_round(workload, servers[peer]))
    for peer, loads in taken.items():
        best = max(loads, key=lambda load: load.rate)
        costs = [load.cpu for load in loads if load.cpu is not None]
        figures[peer] = replace(best, cpu=min(costs) if costs else None)
    return figures


def _round(workload: Workload, server: ServerProcess) -> Load:
    cpu, start = server.cpu(), time.perf_counter()
    load = _load(workload, server.port, SECONDS)
    spent, after = time.perf_counter() - start, server.cpu()
    if cpu is None or after is None or not load.rate:
        return load
    return replace(load, cpu=(after - cpu) / (load.rate * spent))


def _check(workload: Workload, port: int) -> Optional[str]:
    if workload.websocket:
        return None
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request(
            workload.method,
            workload.target,
            body=workload.body or None,
            headers={
                name.decode(): value.decode()
                for name, value in workload.headers("%s:%d" % (HOST, port))
                if name not in (b"host", b"content-length")
            },
        )
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return workload.complaint(response.status, headers, response.read())
    except (OSError, http.client.HTTPException) as error:
        return "%s: %s" % (type(error).__name__, error)
    finally:
        connection.close()


def _load(workload: Workload, port: int, seconds: float) -> Load:
    if workload.websocket or not shutil.which("wrk"):
        command = [sys.executable, "-m", "benchmarks.load", HOST, str(port), workload.name, str(seconds)]
        done = subprocess.run([*command, str(CONNECTIONS)], stdout=subprocess.PIPE, text=True, check=True)
        got = json.loads(done.stdout)
        return Load(**got) if got["rate"] else Load(reason="no answer")
    return _wrk(workload, port, seconds)


def _wrk(workload: Workload, port: int, seconds: float) -> Load:
    lines: List[str] = ['wrk.method = "%s"' % workload.method]
    lines += [
        'wrk.headers["%s"] = "%s"' % (name.decode(), value.decode())
        for name, value in workload.headers(HOST)
        if name not in (b"host", b"connection", b"content-length")
    ]
    if workload.body:
        lines.append("wrk.body = [==[%s]==]" % workload.body.decode())
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write("\n".join(lines))
        script.flush()
        command = ["wrk", "-t1", "-c%d" % CONNECTIONS, "-d%ds" % max(1, round(seconds)), "--latency"]
        url = "http://%s:%d%s" % (HOST, port, workload.target)
        done = subprocess.run(
            [*command, "-s", script.name, url], stdout=subprocess.PIPE, text=True, check=True
        )
    return read_wrk(done.stdout)


def read_wrk(output: str) -> Load:
    """What wrk printed, as figures."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    percentiles = dict(re.findall(r"^\s+(50|99)%\s+([\d.]+(?:us|ms|s))$", output, re.MULTILINE))
    if rate is None or float(rate.group(1)) == 0:
        return Load(reason="no answer")
    errors = re.search(r"Socket errors: (.*)", output)
    return Load(
        rate=float(rate.group(1)),
        p50=_seconds(percentiles["50"]),
        p99=_seconds(percentiles["99"]),
        reason=None if errors is None else "socket errors: " + errors.group(1),
    )


def _seconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
    return float(number) * UNITS[unit]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
