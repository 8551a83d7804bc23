"""One process that hits a limit on Redis: told on its standard input, it says how many of its hits passed.

`python -m tests.faults.hitting_process URL LIMIT`, then lines such as `gcra 1000`: so many hits, twenty on their way at
any time. Time stands still, so that nothing refills; what Redis keeps lasts for as long as it may take.
"""

import asyncio
import sys
from typing import Any

from microframe.stores.redis import RedisStore

AT_ONCE = 20
WINDOW = 86_400.0


async def hit(store: RedisStore, algorithm: Any, limit: int, hits: int) -> int:
    """How many pass."""
    left = iter(range(hits))
    passed = 0

    async def some() -> None:
        nonlocal passed
        for _ in left:
            verdict = await store.hit("app:exact", algorithm=algorithm, limit=limit, window=WINDOW)
            passed += verdict.allowed

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return passed


async def serve(url: str, limit: int) -> None:
    store = RedisStore(url, timeout=60, clock=lambda: 1_800_000_000.0)
    await store.get("ready")
    print("ready", flush=True)
    while True:
        asked = (await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)).split()
        if not asked:
            break
        print(await hit(store, asked[0], limit, int(asked[1])), flush=True)
    await store.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
