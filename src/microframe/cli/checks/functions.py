"""Functions: what runs when something is called, and where its source stands."""

import ast
import functools
import inspect
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Iterator, Mapping, NamedTuple, Optional, Tuple, Union

Definition = Union[ast.FunctionDef, ast.AsyncFunctionDef]


class Target(NamedTuple):
    """A function that is called, and the class whose method it is."""

    function: Any  # a FunctionType, which mypy would bind like a method
    owner: Optional[type] = None

    @property
    def package(self) -> str:
        """The outermost package that it belongs to: `shop` of `shop.cards`."""
        return str(self.function.__module__ or "").partition(".")[0]

    @property
    def file(self) -> str:
        return str(self.function.__code__.co_filename)

    @property
    def definition(self) -> Optional[Definition]:
        """Its source; None where there is none to be read."""
        code: CodeType = self.function.__code__
        return definitions_in(code.co_filename).get((code.co_name, code.co_firstlineno))


def behind(call: Any, owner: Optional[type] = None) -> Iterator[Target]:
    """The functions that run when something is called: with its decorators, a constructor, an object's `__call__`."""
    while isinstance(call, functools.partial):
        call = call.func
    if inspect.ismethod(call):
        receiver = call.__self__
        call, owner = call.__func__, receiver if inspect.isclass(receiver) else type(receiver)
    if isinstance(call, (staticmethod, classmethod)):
        call = call.__func__
    if inspect.isclass(call):
        call, owner = inspect.getattr_static(call, "__init__", None), call
    elif not isinstance(call, FunctionType):
        call, owner = inspect.getattr_static(type(call), "__call__", None), type(call)
    while isinstance(call, FunctionType):
        yield Target(call, owner)
        call = getattr(call, "__wrapped__", None)


@functools.lru_cache(maxsize=1000)
def definitions_in(file: str) -> Mapping[Tuple[str, int], Definition]:
    """The functions of a file by name and first line (decorators included), as code objects know them."""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}  # made while the program runs, or not kept as source
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found[node.name, first] = node
    return found


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Everything inside a function that runs when it does: not what is inside functions and classes it defines."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not is_scope(child):
            yield from own_nodes(child)


def is_scope(node: ast.AST) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda))
