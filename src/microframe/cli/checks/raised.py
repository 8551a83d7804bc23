"""Raised: the exceptions by which a function may answer the client, read from its source."""

import ast
import contextlib
from dataclasses import dataclass
from typing import Any, Callable, FrozenSet, Iterator, List, Optional, Sequence, Set, Tuple, Type

from microframe import HTTPException, StatusException
from microframe.cli.checks.functions import Target, behind, is_scope, own_nodes
from microframe.cli.checks.names import UNKNOWN, Names, is_exception
from microframe.exceptions import status_of

Kinds = FrozenSet[Type[BaseException]]

DETACHED = ("create_task", "ensure_future")
"""What they are given runs by itself: what that raises comes from nowhere here."""

OURS = "microframe"

TRIES = tuple(getattr(ast, name) for name in ("Try", "TryStar") if hasattr(ast, name))


@dataclass(frozen=True)
class Raised:
    """One `raise` of an exception that is an answer; `status` is None where it is decided while running."""

    kind: Type[BaseException]
    status: Optional[int]
    file: str
    line: int


def raised_by(function: Callable[..., Any]) -> List[Raised]:
    """Where a function raises an `HTTPException`, or an exception whose class has an `http_status`.

    Calls are followed to functions of the same package, and to methods of parameters that say their class. What is
    caught on the way does not count. What cannot be told without running anything is passed over, and so is what
    the framework itself raises, which is in every document where it may happen.
    """
    reader = Reader()
    for target in behind(function):
        if target.package != OURS:
            reader.read(target, frozenset())
    return sorted(reader.found, key=lambda raised: (raised.file, raised.line))


class Reader:
    """Reads a function and those that it calls."""

    def __init__(self) -> None:
        self.found: Set[Raised] = set()
        self._seen: Set[Tuple[object, Kinds]] = set()

    def read(self, target: Target, caught: Kinds) -> None:
        """Look through a function, where the exceptions of these classes are caught by who calls it."""
        definition = target.definition
        key = (target.function.__code__, caught)
        if definition is None or key in self._seen:
            return
        self._seen.add(key)
        visit = Visit(self, target, Names(target, definition))
        for node in definition.body:
            visit.look(node, caught)


class Visit:
    """One function while it is looked through."""

    def __init__(self, reader: Reader, target: Target, names: Names) -> None:
        self.reader = reader
        self.target = target
        self.names = names

    def look(self, node: ast.AST, caught: Kinds) -> None:
        if is_scope(node):
            return
        if isinstance(node, TRIES):
            self.look_into_try(node, caught)
            return
        if isinstance(node, (ast.With, ast.AsyncWith)):
            caught |= self.suppressed(node)
        elif isinstance(node, ast.Raise) and node.exc is not None:
            self.note(node, node.exc, caught)
        elif isinstance(node, ast.Call):
            if last_name(node.func) in DETACHED:
                return
            self.follow(node, caught)
        for child in ast.iter_child_nodes(node):
            self.look(child, caught)

    def look_into_try(self, node: Any, caught: Kinds) -> None:
        ending = [handler for handler in node.handlers if not raises_again(handler)]
        kept = [kind for handler in ending for kind in self.names.classes(handler.type)]
        for child in node.body:
            self.look(child, caught.union(kept))
        for child in (*node.handlers, *node.orelse, *node.finalbody):
            self.look(child, caught)

    def suppressed(self, node: "ast.With | ast.AsyncWith") -> Kinds:
        """What `with suppress(…)` catches."""
        calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
        found = [call for call in calls if self.names.resolve(call.func) is contextlib.suppress]
        return frozenset(
            kind for call in found for argument in call.args for kind in self.names.classes(argument)
        )

    def follow(self, call: ast.Call, caught: Kinds) -> None:
        """Look through what is called, if it is the program's own."""
        called = self.names.resolve(call.func)
        if called is UNKNOWN or is_exception(called):
            return
        for target in behind(called, self.names.owner_of(call.func)):
            if target.package == self.target.package:
                self.reader.read(target, caught)

    # Exceptions ------------------------------------------------------------------------------------------------------

    def note(self, node: ast.Raise, raised: ast.expr, caught: Kinds) -> None:
        for kind, status in self.exceptions(raised):
            if is_answer(kind) and not issubclass(kind, tuple(caught)):
                self.reader.found.add(Raised(kind, status, self.target.file, node.lineno))

    def exceptions(self, node: ast.expr, depth: int = 3) -> Iterator[Tuple[Any, Optional[int]]]:
        """The classes, with their status, of what an expression may be; names that were assigned are looked up."""
        if isinstance(node, ast.IfExp):
            yield from self.exceptions(node.body, depth)
            yield from self.exceptions(node.orelse, depth)
            return
        if isinstance(node, ast.Name) and depth:
            for value in self.names.assigned.get(node.id, ()):
                yield from self.exceptions(value, depth - 1)
        made = self.names.resolve(node.func if isinstance(node, ast.Call) else node)
        if isinstance(made, BaseException):
            yield type(made), getattr(made, "status_code", status_of(made))
        elif is_exception(made):
            yield made, self.status_of_call(made, node)

    def status_of_call(self, kind: Type[BaseException], node: ast.expr) -> Optional[int]:
        """The status of an exception that is raised as it is written here."""
        if not issubclass(kind, HTTPException) or issubclass(kind, StatusException):
            return status_of_class(kind)
        arguments: Sequence[ast.expr] = ()
        if isinstance(node, ast.Call):
            named = [keyword.value for keyword in node.keywords if keyword.arg == "status_code"]
            arguments = [*node.args[:1], *named]
        if not arguments:
            return status_of_class(kind)
        said = (
            arguments[0].value if isinstance(arguments[0], ast.Constant) else self.names.resolve(arguments[0])
        )
        return said if isinstance(said, int) else None


def is_answer(kind: Type[BaseException]) -> bool:
    return issubclass(kind, HTTPException) or status_of_class(kind) is not None


def status_of_class(kind: Type[BaseException]) -> Optional[int]:
    """The status that a class says: ours, or by its `http_status` any other."""
    status = kind.status if issubclass(kind, HTTPException) else getattr(kind, "http_status", None)
    return status if isinstance(status, int) else None


def raises_again(handler: ast.ExceptHandler) -> bool:
    """Whether an `except` lets on what it has caught: a bare `raise`, or one of the name it was given."""
    raises = [node for node in own_nodes(handler) if isinstance(node, ast.Raise)]
    return any(
        node.exc is None or (isinstance(node.exc, ast.Name) and node.exc.id == handler.name)
        for node in raises
    )


def last_name(node: ast.AST) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))
