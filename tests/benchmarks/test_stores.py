"""Stores: what is repeated at them works, and what cannot be measured is named; nothing is timed here."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Dict, Optional, Tuple

import pytest

from benchmarks import stores, stores_report
from benchmarks.stores import OPERATIONS, Filled, Missing, Rate, Stores, best, need
from benchmarks.stores_worker import Operations, fill, measure, open_store, repeat


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_every_operation_works(kind: str, tmp_path: Path) -> None:
    store = open_store("memory:" if kind == "memory" else f"sqlite:///{tmp_path / 'store.db'}")
    operations = Operations(store)
    await operations.prepare()
    everything = operations.all()
    assert list(everything) == list(OPERATIONS)
    for operation in everything.values():
        await repeat(operation, 3, 2)
    await store.close()


async def test_an_operation_is_counted_for_one_client_and_for_many() -> None:
    operations = Operations(open_store("memory:"))
    await operations.prepare()
    for clients in (1, 50):
        rate, cpu = await measure(operations.all()["gcra"], clients, 0.001)
        assert rate > 0
        assert cpu >= 0


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells a process its memory so")
async def test_clients_are_each_counted_while_there_is_room() -> None:
    _, cpu, kept = await fill("gcra", 300)
    assert kept == 300
    assert cpu >= 0


def test_a_store_that_is_not_there_is_named_and_the_others_are_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @contextlib.contextmanager
    def gone() -> Iterator[str]:
        need("microframe.stores.no_such_store", "this version has none")
        yield ""

    monkeypatch.setattr(stores, "STORES", {"gone": gone})
    monkeypatch.setattr(stores, "ALGORITHMS", ())
    found = stores.run(quick=False)
    assert (found.rates, found.missing) == ({}, {"gone": "this version has none"})
    assert "- gone: this version has none" in stores_report.build_tables(found)
    with pytest.raises(Missing):
        need("no_such_package.inside", "not installed")


def test_the_tables_say_what_was_measured_and_what_failed() -> None:
    rates: Dict[str, Tuple[Rate, Rate, Optional[Rate]]]
    rates = {name: (Rate(1000.0, 5e-6), Rate(2000.0, 4e-6), None) for name in OPERATIONS}
    rates["get"] = (Rate(1000.0, 5e-6), Rate(reason="it is away"), None)
    found = Stores({"memory": rates}, filled={"gcra": Filled(60.0, 1e-5, 100_000)}, clients=1_000_000)
    tables = stores_report.build_tables(found)
    assert "| limit, `gcra` | 1,000 / 2,000 (5) |" in tables
    assert "| `get` of 1 KB | 1,000 / n/a (5) |" in tables
    assert "- memory: it is away (`get` of 1 KB)" in tables
    assert "| `gcra` | 60 MB | 100,000 | 10.0 µs |" in tables
    assert "1,000,000 clients within an hour" in tables


def test_the_best_round_counts_and_one_that_failed_makes_all_of_them_fail() -> None:
    assert best([Rate(1.0, 3.0), Rate(2.0, 4.0)]) == Rate(2.0, 3.0)
    assert best([Rate(1.0, 3.0), Rate(reason="away")]).reason == "away"
