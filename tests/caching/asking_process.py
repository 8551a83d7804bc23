"""One process of an application that caches in a shared store: asked on its input, it tells how often it made what.

`python -m tests.caching.asking_process URL`, then lines such as `/answer/1 500`: a path, and how many ask at once.
"""

import asyncio
import sys
from typing import List

from microframe import Application, Cache, Depends
from microframe.plugins.cache import CachePlugin, cached
from microframe.store import Store
from tests.scopes import call
from tests.stores.kinds import store_at

MADE: List[str] = []
SECONDS = 0.2


@cached(ttl=60)
async def find_value(name: str) -> str:
    MADE.append(name)
    await asyncio.sleep(SECONDS)
    return name


def build(store: Store) -> Application:
    app = Application(store=store, environment="test", title="caching", plugins=[CachePlugin()])

    @app.get("/answer/{name}", cache=Cache(max_age=60))
    async def answer(name: str) -> str:
        return await find_value.__wrapped__(name)  # type: ignore[attr-defined, no-any-return]

    @app.get("/value/{name}")
    async def value(found: str = Depends(find_value)) -> str:
        return found

    return app.build()


async def serve(url: str) -> None:
    store = store_at(url)
    app = build(store)
    await store.get("ready")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        asked = (await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)).split()
        if not asked:
            break
        MADE.clear()
        path, count = asked[0], int(asked[1])
        found = await asyncio.gather(*[call(app, path) for _ in range(count)])
        name = path.rpartition("/")[2]
        assert {(one.status, one.json) for one in found} == {(200, name)}
        sys.stdout.write(f"{len(MADE)}\n")
        sys.stdout.flush()
    await store.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
