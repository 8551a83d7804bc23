"""Names: what the names in a function stand for, as far as that is known before it runs."""

import ast
import builtins
import inspect
from typing import Annotated, Any, Dict, List, Optional, Sequence, Tuple, Type, get_args, get_origin

from microframe import SetupError
from microframe.cli.checks.functions import Definition, Target, own_nodes
from microframe.injection.signature import read_hints

UNKNOWN: Any = object()


class Names:
    """The names of one function: what is around it, and the types of its parameters."""

    def __init__(self, target: Target, definition: Definition) -> None:
        function = target.function
        self.locals = {*function.__code__.co_varnames, *function.__code__.co_cellvars}
        self.known: Dict[str, Any] = {**vars(builtins), **function.__globals__, **closure_of(target)}
        self.types = types_of(target, definition)
        self.assigned: Dict[str, List[ast.expr]] = {}
        for node in own_nodes(definition):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.assigned.setdefault(node.targets[0].id, []).append(node.value)

    def resolve(self, node: ast.AST) -> Any:
        """The object that an expression names, or UNKNOWN. Nothing of the program runs for it."""
        if isinstance(node, ast.Name):
            return UNKNOWN if node.id in self.locals else self.known.get(node.id, UNKNOWN)
        if not isinstance(node, ast.Attribute):
            return UNKNOWN
        owner = self.owner_of(node)
        if owner is not None:
            return inspect.getattr_static(owner, node.attr, UNKNOWN)
        module = self.resolve(node.value)
        return vars(module).get(node.attr, UNKNOWN) if inspect.ismodule(module) else UNKNOWN

    def owner_of(self, node: ast.AST) -> Optional[type]:
        """The class on which an attribute is looked up: that of a parameter, or one that is named."""
        if not isinstance(node, ast.Attribute):
            return None
        if isinstance(node.value, ast.Name) and node.value.id in self.types:
            return self.types[node.value.id]
        owner = self.resolve(node.value)
        return owner if inspect.isclass(owner) else None

    def classes(self, node: Optional[ast.AST]) -> Tuple[Type[BaseException], ...]:
        """The classes that an `except` names; without a name it is every exception."""
        if node is None:
            return (BaseException,)
        named: Sequence[ast.AST] = [node]
        if isinstance(node, ast.Tuple):
            named = node.elts
        found = [self.resolve(one) for one in named]
        flat = [kind for one in found for kind in (one if isinstance(one, tuple) else (one,))]
        return tuple(kind for kind in flat if is_exception(kind))


def is_exception(kind: Any) -> bool:
    return inspect.isclass(kind) and issubclass(kind, BaseException)


def closure_of(target: Target) -> Dict[str, Any]:
    """What a function sees of the functions around it."""
    found = {}
    names = target.function.__code__.co_freevars
    for name, cell in zip(names, target.function.__closure__ or ()):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue  # nothing has been assigned to it
    return found


def types_of(target: Target, definition: Definition) -> Dict[str, type]:
    """The classes of the parameters that have one; of a method the first is an object of its class, or that itself."""
    try:
        hints = read_hints(target.function)
    except SetupError:
        hints = {}
    found = {}
    parameters = [*definition.args.posonlyargs, *definition.args.args, *definition.args.kwonlyargs]
    for parameter in parameters:
        kind = hints.get(parameter.arg)
        while get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        kind = get_origin(kind) or kind
        if inspect.isclass(kind):
            found[parameter.arg] = kind
    if target.owner is not None and parameters:
        found.setdefault(parameters[0].arg, target.owner)
    return found
