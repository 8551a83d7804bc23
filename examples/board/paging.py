"""Paging: a part of a long list, and where the next part is."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

from microframe import Query, Request, Response

T = TypeVar("T")


class Page:
    """`?limit=20&offset=40`: a dependency that cuts a list and tells its length in headers."""

    def __init__(
        self,
        request: Request,
        response: Response,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> None:
        self.request = request
        self.response = response
        self.limit = limit
        self.offset = offset

    def cut(self, items: Sequence[T]) -> list[T]:
        """The asked part; `X-Total-Count` says how many there are, `Link` where to go on (RFC 8288)."""
        end = self.offset + self.limit
        self.response.headers["X-Total-Count"] = str(len(items))
        if end < len(items):
            following = self.request.url.include_query_params(limit=self.limit, offset=end)
            self.response.headers["Link"] = f'<{following}>; rel="next"'
        return list(items[self.offset : end])
