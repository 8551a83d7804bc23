"""One process that uses up codes: asked on its standard input, it tells how many of its tries were accepted.

`python -m tests.security.once_process URL`, then lines such as `accept 41 20`: step 41, twenty tries at once.
"""

import asyncio
import sys

from microframe.store import Store
from microframe.stores.redis import RedisStore

KEY = "app:totp:ann"
LIFETIME = 600.0


async def accept(store: Store, step: int) -> bool:
    """Whether a code of this step is good: it is later than the last one accepted, and nobody was quicker."""
    entry = await store.get(KEY)
    if entry is not None and int(entry.value) >= step:
        return False
    version = "" if entry is None else entry.version
    return await store.set(KEY, b"%d" % step, ttl=LIFETIME, if_version=version) is not None


async def use_once(store: Store, step: int) -> bool:
    """The same where steps are remembered one by one."""
    return await store.set(f"{KEY}:{step}", b"", ttl=LIFETIME, if_version="") is not None


async def count_once(store: Store, step: int) -> bool:
    """The same by a counter: whoever is first is told 1."""
    return await store.add(f"{KEY}:{step}:count", ttl=LIFETIME) == 1


WAYS = {"accept": accept, "use": use_once, "count": count_once}


async def serve(url: str) -> None:
    store = RedisStore(url, timeout=20)
    await store.get("ready")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        asked = (await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)).split()
        if not asked:
            break
        way, step = WAYS[asked[0]], int(asked[1])
        accepted = await asyncio.gather(*(way(store, step) for _ in range(int(asked[2]))))
        sys.stdout.write(f"{sum(accepted)}\n")
        sys.stdout.flush()
    await store.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
