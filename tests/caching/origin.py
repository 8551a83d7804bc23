"""Origin: an application whose answers are kept, a clock that stands still, and a count of what its handler made."""

from typing import Any, Callable, List, Optional, Tuple

from microframe import Application, Cache, Request, Response
from microframe.middleware.cache import CacheMiddleware
from microframe.store import Store
from microframe.stores.memory import MemoryStore
from tests.scopes import Exchange, call

NOW = 1_800_000_000.0


class Clock:
    """Seconds that pass only when somebody says so."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += seconds


class Origin:
    """One route, `/{rest:path}`, answered by a function of the request, and how often that was called."""

    def __init__(
        self,
        answer: Optional[Callable[[Request], Any]] = None,
        cache: Any = None,
        store: Optional[Store] = None,
        **options: Any,
    ) -> None:
        self.clock = Clock()
        self.seen: List[Request] = []
        self.answer = answer or (lambda request: Response(f"answer {len(self.seen)}"))
        self.app = Application(store=store if store is not None else MemoryStore(clock=self.clock), **options)
        self.app.add_middleware(CacheMiddleware, clock=self.clock)
        policy = Cache(max_age=60) if cache is None else cache

        async def serve(request: Request) -> Response:
            self.seen.append(request)
            response: Response = self.answer(request)
            return response

        self.app.add_api_route("/{rest:path}", serve, methods=["GET", "POST", "DELETE"], cache=policy)

    @property
    def count(self) -> int:
        return len(self.seen)

    async def ask(
        self, path: str = "/", *pairs: Tuple[str, str], method: str = "GET", **more: Any
    ) -> Exchange:
        return await call(self.app, path, *pairs, method=method, **more)

    async def made(self, path: str = "/", *pairs: Tuple[str, str], **more: Any) -> int:
        """How many answers the handler makes for one more request."""
        before = self.count
        await self.ask(path, *pairs, **more)
        return self.count - before

    async def keeps(self, path: str = "/", *pairs: Tuple[str, str]) -> bool:
        """Whether of two equal requests one is answered by the cache."""
        before = self.count
        await self.ask(path, *pairs)
        await self.ask(path, *pairs)
        return self.count - before == 1


def answering(
    *headers: Tuple[str, str], status: int = 200, body: str = "same"
) -> Callable[[Request], Response]:
    """A handler that always answers the same."""

    def answer(request: Request) -> Response:
        response = Response(body, status)
        response.raw_headers += [(name.encode(), value.encode("latin-1")) for name, value in headers]
        return response

    return answer


def http_date(seconds: float) -> str:
    from microframe.http.conditional import format_http_date

    return format_http_date(seconds)
