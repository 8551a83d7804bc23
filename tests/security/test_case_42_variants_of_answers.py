"""Case 42: whatever clients write into headers and queries, what a cache keeps of it is bounded (CVE-2026-77050)."""

from microframe import Cache, Response
from microframe.stores.memory import MemoryStore
from tests.caching.origin import Origin


async def test_variants_take_no_more_than_the_room_there_is() -> None:
    store = MemoryStore(max_entries=200, max_bytes=500_000)
    origin = Origin(
        lambda request: Response("x", headers={"vary": "accept-language"}), Cache(max_age=60), store
    )
    for number in range(1000):
        await origin.ask(f"/?{number}", ("accept-language", f"{number}" * 500))
    assert len(store) <= 200
    assert store.size <= 500_000


async def test_a_large_header_makes_no_large_key() -> None:
    store = MemoryStore()
    origin = Origin(lambda request: Response("x"), Cache(max_age=60, vary=["x-a"]), store)
    await origin.ask("/", ("x-a", "x" * 5_000))
    assert store.size < 5_000
    assert await origin.made("/", ("x-a", "x" * 5_000)) == 0
