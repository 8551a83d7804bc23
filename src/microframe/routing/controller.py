"""Controller: a class whose marked methods are handlers, made anew for each request with its own dependencies."""

import inspect
from typing import Any, Callable, Iterator, NamedTuple, Sequence, Tuple, Type, TypeVar

from typing_extensions import Unpack

from microframe.exceptions import SetupError
from microframe.routing.route import Route, RouteOptions, inherit_options, where_is

F = TypeVar("F", bound=Callable[..., Any])
MARKS = "__microframe_routes__"


class Controller:
    """Handlers that share what `__init__` asks for, injected for every request.

    Only methods marked with `@route.get(...)` and its kin answer; no other can be reached from outside.
    """


class Mark(NamedTuple):
    path: str
    methods: Tuple[str, ...]
    options: RouteOptions


class RouteMarks:
    """`@route.get("/{id}")` on a method of a controller: the verbs of a router, noted until one takes the class."""

    def __call__(
        self, path: str = "", *, methods: Sequence[str] = ("GET",), **options: Unpack[RouteOptions]
    ) -> Callable[[F], F]:
        mark = Mark(path, tuple(method.upper() for method in methods), options)

        def note(function: F) -> F:
            check_method(function)
            function.__dict__.setdefault(MARKS, []).append(mark)
            return function

        return note

    def get(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self(path, methods=("GET",), **options)

    def post(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self(path, methods=("POST",), **options)

    def put(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self(path, methods=("PUT",), **options)

    def patch(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self(path, methods=("PATCH",), **options)

    def delete(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self(path, methods=("DELETE",), **options)

    def query(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self(path, methods=("QUERY",), **options)

    def websocket(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self(path, methods=(), **options)


route = RouteMarks()


def check_method(function: object) -> None:
    """Refuse what gets no instance, and so nothing of what `__init__` asks for."""
    if isinstance(function, (staticmethod, classmethod)):
        raise SetupError(
            f"{where_is(function.__func__)}: a handler of a controller is a method that takes `self`"
        )


def controller_routes(kind: Type[Controller]) -> Iterator[Route]:
    """The routes that a controller's marked methods, inherited ones included, stand for."""
    found = False
    # As they are written, the base classes' first: in this order they are documented.
    for name in dict.fromkeys(name for one in reversed(kind.__mro__) for name in vars(one)):
        function = getattr(kind, name, None)
        for mark in getattr(function, MARKS, ()):
            found = True
            assert callable(function)
            check_method(inspect.getattr_static(kind, name))
            yield Route(
                mark.path,
                frozenset(mark.methods),
                function,
                mark.options.get("name") or name,
                mark.options,
                inherit_options(mark.options),
                kind,
            )
    if not found:
        raise SetupError(f"the controller {where_is(kind)} has no method marked with @route")
