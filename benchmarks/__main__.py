"""The command: `python -m benchmarks [--quick] [--only WORKLOAD,…] [--peers NAME,…]`; `--help` says more."""

import argparse
import pathlib
import shlex
import subprocess
import sys
from typing import Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from benchmarks import (
    ceilings,
    cold,
    layers,
    layers_report,
    report,
    rounds,
    stores,
    stores_report,
    transfers,
    transfers_report,
    wire,
)
from benchmarks.peers import BARE, LAYER_PEERS, OURS, PEERS, Peer
from benchmarks.workloads import WORKLOADS

RESULTS = pathlib.Path(__file__).with_name("RESULTS.md")


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The options; `parts` holds what to run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="MicroFrame beside its peers.")
    parser.add_argument(
        "--quick", action="store_true", help="short rounds: a first look, not figures to publish"
    )
    parser.add_argument("--only", type=_names(WORKLOADS), help="workloads: " + ", ".join(WORKLOADS))
    known = list(dict.fromkeys([*PEERS, *LAYER_PEERS]))
    parser.add_argument("--peers", type=_names(known), help="frameworks: " + ", ".join(known))
    for part, what in (
        ("in-process", "CPU per request of the application alone"),
        ("wire", "behind a real server"),
        ("fresh", "imports, cold start, memory"),
        ("transfers", "large bodies, files, events, lists; its section alone is written anew"),
        ("middleware", "each middleware and whole stacks of them; its section alone"),
        ("stores", "operations per second of limits, caches and sessions; its section alone"),
    ):
        parser.add_argument("--" + part, dest="parts", action="append_const", const=part, help="only " + what)
    parser.add_argument(
        "--output", type=pathlib.Path, default=RESULTS, help="the page to write; - for the terminal"
    )
    return parser.parse_args(arguments)


def _names(known: Iterable[str]) -> Callable[[str], List[str]]:
    def parse(text: str) -> List[str]:
        names = [name.strip() for name in text.split(",")]
        unknown = [name for name in names if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(
                "unknown: %s (known: %s)" % (", ".join(unknown), ", ".join(known))
            )
        return names

    return parse


def choose_peers(
    known: Mapping[str, Peer], always: Sequence[str], wanted: Optional[Sequence[str]]
) -> List[str]:
    """Those always measured and the peers wanted, as far as they are installed; what is missing is said."""
    chosen = []
    for name in dict.fromkeys([*always, *(wanted or known)]):
        reason = known[name].missing() if name in known else None
        if name in known and reason is None:
            chosen.append(name)
        elif reason is not None:
            print("left out: %s (%s)" % (name, reason), file=sys.stderr)
    return chosen


def main(arguments: Sequence[str]) -> int:
    """Run, write the page, print the ceilings that were missed."""
    options = parse_arguments(arguments)
    parts = options.parts or ["in-process", "wire", *([] if options.only else ["fresh", *SECTIONS])]
    command = shlex.join(["python", "-m", "benchmarks", *arguments])
    written = {SECTIONS[part][0]: SECTIONS[part][1](command, options) for part in SECTIONS if part in parts}
    if set(parts) <= set(SECTIONS):
        page = report.page_of(options.output)
    else:
        page = measure(parts, options, command)
    return deliver(options.output, report.put_sections(page, options.output, written))


def measure(parts: Sequence[str], options: argparse.Namespace, command: str) -> str:
    """The page itself: workloads in-process and on the wire, fresh processes, ceilings."""
    peers = choose_peers(PEERS, (BARE, OURS), options.peers)
    workloads = [WORKLOADS[name] for name in options.only or WORKLOADS]
    inside = served = fresh = None
    if "in-process" in parts:
        inside = rounds.run(
            workloads, peers, rounds=8 if options.quick else 20, seconds=0.03 if options.quick else 0.06
        )
    if "fresh" in parts:
        fresh = cold.measure(peers, rounds=2 if options.quick else 5)
    if "wire" in parts:
        on_wire = [workload for workload in workloads if workload.wire]
        served = wire.run(on_wire, peers, rounds=1 if options.quick else 4)
    profiles = [_profile(subject) for subject in _missed(ceilings.check(inside, fresh))]
    return report.build_report(command, peers, inside, served, fresh, profiles)


def write_transfers(command: str, options: argparse.Namespace) -> str:
    peers = choose_peers(PEERS, (BARE, OURS), options.peers)
    return transfers_report.build_section(command, peers, transfers.run(peers, options.quick))


def write_middleware(command: str, options: argparse.Namespace) -> str:
    peers = choose_peers(LAYER_PEERS, (OURS,), options.peers)
    found = layers.run(peers, list(layers.CASES), rounds=3 if options.quick else 9)
    return layers_report.build_section(command, peers, found)


def write_stores(command: str, options: argparse.Namespace) -> str:
    return stores_report.build_section(command, stores.run(options.quick))


SECTIONS: Dict[str, Tuple[str, Callable[[str, argparse.Namespace], str]]] = {
    "transfers": (report.TRANSFERS, write_transfers),
    "middleware": (report.MIDDLEWARE, write_middleware),
    "stores": (report.STORES, write_stores),
}
"""Parts that write a section of their own, and leave all others as they are."""


def deliver(output: pathlib.Path, page: str) -> int:
    """Write the page, or print it."""
    if str(output) == "-":
        print(page)
    else:
        output.write_text(page, encoding="utf-8")
        print("written: %s" % output)
    return 0


def _missed(verdicts: Sequence[ceilings.Verdict]) -> List[str]:
    return list(dict.fromkeys(verdict.subject for verdict in verdicts if verdict.missed and verdict.subject))


def _profile(subject: str) -> str:
    command = [sys.executable, "-m", "benchmarks.profile", subject, "--lines", "12"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    return "```text\n%s\n```" % (done.stdout.rstrip() or "%s: the profile failed" % subject)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
