"""One process of an application whose limits are in a shared store: asked on standard input, it tells how many passed.

`python -m tests.stores.counting_process URL LIMIT`, then lines such as `frozen sliding_window 1000`.
"""

import asyncio
import sys
from typing import Dict

from microframe import Application
from microframe.limits.limit import ALGORITHMS, Limit
from microframe.store import Store
from tests.scopes import call
from tests.stores.kinds import store_at

AT_ONCE = 20


def build(store: Store, title: str, limit: int) -> Application:
    app = Application(store=store, environment="test", title=title)

    async def answer() -> int:
        return 1

    for algorithm in ALGORITHMS:
        app.get(f"/{algorithm}", limit=Limit(f"{limit}/2 minutes", algorithm=algorithm, fail_closed=True))(  # type: ignore[arg-type]
            answer
        )
    return app.build()


async def count(app: Application, path: str, calls: int) -> int:
    """How many of these calls are answered; `AT_ONCE` of them are on their way at any time."""
    left = iter(range(calls))
    statuses = []

    async def ask() -> None:
        for _ in left:
            statuses.append((await call(app, path)).status)

    await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    assert set(statuses) <= {200, 429}, set(statuses)
    return statuses.count(200)


async def serve(url: str, limit: int) -> None:
    frozen = store_at(url, clock=lambda: 1_800_000_000.0)
    real = store_at(url)
    apps: Dict[str, Application] = {
        "frozen": build(frozen, "frozen", limit),
        "real": build(real, "real", limit),
    }
    await frozen.get("ready")
    await real.get("ready")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        asked = (await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)).split()
        if not asked:
            break
        passed = await count(apps[asked[0]], f"/{asked[1]}", int(asked[2]))
        sys.stdout.write(f"{passed}\n")
        sys.stdout.flush()
    await frozen.close()
    await real.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
