"""A plugin: counts visits; it has options, a provided type, middleware, a route, a lifespan and a command."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from microframe import Application, Endpoint, Host, Provided, Request, Response, Router, run_in_threadpool


@dataclass(frozen=True)
class VisitsOptions:
    """What can be set in `[plugins.visits]`, or as `MICROFRAME_VISITS__PATH` and so on."""

    path: str = "/visits"
    file: Optional[Path] = None
    """Where the counts are kept while the application is not running."""


class Visits:
    """How often each route answered. Knows nothing of applications, so it is tested without one."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def load(self, file: Path) -> None:
        if file.exists():
            self.counts.update(json.loads(file.read_text(encoding="utf-8")))

    def save(self, file: Path) -> None:
        file.write_text(json.dumps(self.counts), encoding="utf-8")


class VisitsPlugin:
    """`Application(plugins=[VisitsPlugin()])`, and every handler may ask for `Provided[Visits]`."""

    name = "visits"
    version = "1.0"

    def setup(self, host: Host) -> None:
        """Called once for each application that has the plugin, so what belongs to it is made here."""
        options = host.options(VisitsOptions)
        visits = Visits()

        def count_visits(endpoint: Endpoint) -> Endpoint:
            async def counted(request: Request) -> Response:
                response = await endpoint(request)
                if request.route is not None:
                    # Not the path itself: anybody can think of another one, and each would be kept.
                    visits.counts[request.route.path] += 1
                return response

            return counted

        @asynccontextmanager
        async def keep_visits() -> AsyncIterator[None]:
            if options.file is None:
                yield
                return
            await run_in_threadpool(visits.load, options.file)
            yield
            await run_in_threadpool(visits.save, options.file)

        host.provide(Visits, lambda: visits, scope="app")
        host.add_middleware(count_visits, slot="trace")
        host.include_router(routes, prefix=options.path)
        host.add_lifespan(keep_visits)
        host.command(print_visits)


routes = Router(tags=["visits"])


@routes.get()
async def read_visits(visits: Provided[Visits], most: int = 10) -> dict[str, int]:
    """The most visited routes."""
    return dict(visits.counts.most_common(most))


async def print_visits(visits: Provided[Visits]) -> str:
    """Print how often each route was visited: `microframe do print-visits`."""
    return "\n".join(f"{count:6} {path}" for path, count in visits.counts.most_common())


app = Application(title="Visits", plugins=[VisitsPlugin()])


@app.get("/")
async def home(visits: Provided[Visits]) -> str:
    return f"This page was read {visits.counts['/']} times before."
