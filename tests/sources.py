"""Sources: the package as text, so that its shape can be tested without importing it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Optional, Union

ROOT = Path(__file__).parent.parent / "src" / "microframe"

Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]


@dataclass(frozen=True)
class Module:
    """One file of the package."""

    name: str
    file: Path
    text: str
    tree: ast.Module

    @property
    def is_face(self) -> bool:
        """Whether it is a package's `__init__.py`."""
        return self.file.name == "__init__.py"

    @property
    def public(self) -> Optional[list[str]]:
        """The names in its `__all__`, or None where it has none."""
        for statement in statements(self.tree):
            if isinstance(statement, ast.Assign) and named(statement.targets[0]) == "__all__":
                return [str(name) for name in ast.literal_eval(statement.value)]
        return None


@dataclass(frozen=True)
class Definition:
    """Where a name is made: a statement of a module, a whole module, or something of another package."""

    where: str
    name: str
    node: Optional[ast.AST] = None


@cache
def modules() -> dict[str, Module]:
    """Every module of the package by its name."""
    found = {}
    for file in sorted(ROOT.rglob("*.py")):
        parts = file.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = file.read_text(encoding="utf-8")
        found[name] = Module(name, file, text, ast.parse(text, str(file)))
    return found


def statements(tree: Union[ast.Module, ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, those inside `if`, `try` and `with` included."""
    for field in ("body", "orelse", "handlers", "finalbody"):
        for statement in getattr(tree, field, []):
            yield statement
            if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield from statements(statement)


def named(target: Optional[ast.AST]) -> str:
    """The name an assignment gives a value to, or nothing where it is not a plain name."""
    return target.id if isinstance(target, ast.Name) else ""


def source_of(node: ast.ImportFrom, module: Module) -> str:
    """The module an import names, relative ones made absolute."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    base = parts[: len(parts) - node.level + module.is_face]
    return ".".join([*base, node.module] if node.module else base)


def imports(module: Module) -> set[str]:
    """Every module of the package that this one imports, anywhere in it, type-only imports included."""
    known = modules()
    targets = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            targets |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = source_of(node, module)
            whole = {f"{source}.{alias.name}" for alias in node.names}
            targets |= whole & known.keys() or {source}
            targets |= {source} if any(name not in known for name in whole) else set()
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            targets |= {str(arg.value) for arg in node.args if isinstance(arg, ast.Constant)}
    return {name for name in targets if name in known} - {module.name}


@cache
def graph() -> dict[str, set[str]]:
    """Which module imports which."""
    return {name: imports(module) for name, module in modules().items()}


def functions(tree: ast.AST, inside: str = "") -> Iterator[tuple[str, Function]]:
    """Every function with its dotted name within the module, nested ones included."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield inside + child.name, child
        own = (
            child.name + "."
            if isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            else ""
        )
        yield from functions(child, inside + own)


def definition(where: str, name: str) -> Definition:
    """Follow a name through the package's imports to the statement that makes it."""
    module = modules().get(where)
    if module is None:
        return Definition(where, name)
    for node in statements(module.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == name:
            return Definition(where, name, node)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if name in [named(target) for target in targets]:
            return Definition(where, name, node)
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    source = source_of(node, module)
                    if f"{source}.{alias.name}" in modules():
                        return Definition(f"{source}.{alias.name}", "")
                    return definition(source, alias.name)
        if isinstance(node, ast.Import) and name in [alias.asname or alias.name for alias in node.names]:
            return Definition(name, "")
    if f"{where}.{name}" in modules():
        return Definition(f"{where}.{name}", "")
    raise LookupError(f"{where} lists {name!r} in __all__, and nothing there has that name")
