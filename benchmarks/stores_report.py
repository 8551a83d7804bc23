"""The section of the page about stores: operations per second, and what a million limited clients take."""

from typing import List, Optional

from benchmarks import machine
from benchmarks.layers_report import SHARED
from benchmarks.report import STORES, describe_run, table
from benchmarks.stores import AT_ONCE, OPERATIONS, Rate, Stores

INTRO = (
    "Operations per second: one client, one after the other / %d at once in one process / %d at once in each of two "
    "processes, both together; in brackets the client's own CPU for one operation in µs, of one client. The best of "
    "the rounds. Servers run on the same cores, reached over the loopback, and PostgreSQL does not wait for the disk "
    "(`fsync=off`); SQLite is a file in the temporary folder, with a write-ahead log. A thousand clients, values and "
    "sessions are asked for in turn. `python -m benchmarks.stores` measures it again."
) % (AT_ONCE, AT_ONCE)
FILLED = (
    "%s clients within an hour, one call each, limit 100, in the memory store as it comes (room for 100,000 entries): "
    "memory of a fresh process, more than before. Clients for whom there is no room share counts."
)


def build_section(command: str, measured: Stores) -> str:
    """The whole section, heading first."""
    facts = describe_run(command, ["microframe"])
    return "\n\n".join([STORES, facts, build_tables(measured)]) + "\n"


def build_tables(measured: Stores) -> str:
    """The tables, and what was not measured."""
    stores = list(measured.rates)
    rows = [
        [title, *(cell(*measured.rates[store][name]) for store in stores)]
        for name, title in OPERATIONS.items()
    ]
    parts = [INTRO + (SHARED if machine.is_shared() else ""), table(("per second", *stores), rows)]
    if measured.filled:
        filled = [
            [
                "`%s`" % name,
                "%.0f MB" % found.memory,
                format(found.kept, ","),
                "%.1f µs" % (found.cpu * 1e6),
            ]
            for name, found in measured.filled.items()
        ]
        parts.append(FILLED % format(measured.clients, ","))
        parts.append(table(("", "memory", "counts kept", "each call (CPU)"), filled))
    missing = ["- %s: %s" % item for item in measured.missing.items()] + failures(measured)
    if missing:
        parts += ["Not measured:", "\n".join(missing)]
    return "\n\n".join(parts)


def cell(one: Rate, many: Rate, more: Optional[Rate]) -> str:
    rates = " / ".join(rate_of(rate) for rate in (one, many, more) if rate is not None)
    return rates if one.reason else "%s (%.0f)" % (rates, one.cpu * 1e6)


def rate_of(rate: Rate) -> str:
    return "n/a" if rate.reason else format(round(rate.rate), ",")


def failures(measured: Stores) -> List[str]:
    return [
        "- %s: %s (%s)" % (store, rate.reason, OPERATIONS[name])
        for store, operations in measured.rates.items()
        for name, rates in operations.items()
        for rate in rates
        if rate is not None and rate.reason
    ]
