"""The public names and their signatures, compared to `test_public_api.txt`.

They are read from the source, so the text is the same on every Python. After a change that is meant, write it
again with `make api` (`python -m tests.test_public_api`) and look at its difference before committing.
"""

import ast
import difflib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources import Definition, definition, modules, named, statements

TEXT = Path(__file__).with_suffix(".txt")
SPOKEN = ("__init__", "__call__")  # the special methods whose signature a user types
LONGEST_VALUE = 70


def test_the_public_api_is_what_the_text_says() -> None:
    then = TEXT.read_text(encoding="utf-8").splitlines() if TEXT.exists() else []
    change = list(difflib.unified_diff(then, text().splitlines(), TEXT.name, "the source", n=1, lineterm=""))
    if change:
        pytest.fail("the public API changed; if it is meant: make api\n" + "\n".join(change), pytrace=False)


def test_faces_list_each_name_once() -> None:
    bad = [
        name for name, module in modules().items() if len(set(module.public or ())) < len(module.public or ())
    ]
    assert not bad, bad


def text() -> str:
    """What `test_public_api.txt` has to say."""
    return "\n".join(describe())


def describe() -> Iterator[str]:
    """The public API: each face with its names in order, each name described where it is met first."""
    met: dict[Definition, str] = {}
    for face, module in modules().items():
        if module.public is None:
            continue
        yield f"# {face}"
        for name in sorted(module.public):
            found = definition(face, name)
            if found in met:
                yield f"{name}: see {met[found]}"
                continue
            met[found] = f"{face}.{name}"
            yield from lines_of(name, found)
        yield ""


def lines_of(name: str, found: Definition) -> Iterator[str]:
    """One public name with its signature; a class with its members."""
    if isinstance(found.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield signature(name, found.node)
    elif isinstance(found.node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in [*found.node.bases, *found.node.keywords])
        yield f"class {name}({bases})" if bases else f"class {name}"
        members = members_of(found)
        yield from ("    " + line for member in sorted(members) for line in members[member])
    elif isinstance(found.node, ast.stmt):
        yield assignment(name, found.node)
    else:
        yield f"{name}: from {found.where}"


def members_of(found: Definition) -> "dict[str, list[str]]":
    """The public members of a class by name; those of bases nobody can import are its own."""
    assert isinstance(found.node, ast.ClassDef)
    members: dict[str, list[str]] = {}
    for base in reversed(found.node.bases):
        name = named(base.value if isinstance(base, ast.Subscript) else base)
        if is_hidden(found.where, name):
            members.update(members_of(definition(found.where, name)))
    own: dict[str, list[str]] = {}
    for statement in statements(found.node):
        name, line = member(statement)
        if name and (not name.startswith("_") or name in SPOKEN):
            own.setdefault(name, []).append(line)  # overloads and setters stand beside each other
    return {**members, **own}


def member(statement: ast.stmt) -> "tuple[str, str]":
    """The name and the line of one statement of a class body; no name where it makes none."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return statement.name, decorated(statement)
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        name = named(statement.targets[0] if isinstance(statement, ast.Assign) else statement.target)
        return name, assignment(name, statement)
    return "", ""


def is_hidden(where: str, name: str) -> bool:
    """Whether a base class is ours and in no face, so that its members are described with its children."""
    try:
        found = definition(where, name)
    except LookupError:
        return False  # a builtin
    everywhere = [
        definition(face, public) for face, module in modules().items() for public in module.public or ()
    ]
    return isinstance(found.node, ast.ClassDef) and found not in everywhere


def decorated(function: "ast.FunctionDef | ast.AsyncFunctionDef") -> str:
    """A method's signature behind the decorators that change how it is used."""
    names = [ast.unparse(decorator) for decorator in function.decorator_list]
    kept = [f"@{name} " for name in names if name in ("property", "classmethod", "staticmethod", "overload")]
    kept += [f"@{name} " for name in names if name.endswith((".setter", "cached_property"))]
    return "".join(kept) + signature(function.name, function)


def signature(name: str, function: "ast.FunctionDef | ast.AsyncFunctionDef") -> str:
    """A function as a user reads it, without its body."""
    word = "async def" if isinstance(function, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return same_everywhere(f"{word} {name}({ast.unparse(function.args)}){returns}")


def assignment(name: str, statement: ast.stmt) -> str:
    """A constant, an alias or a field; the value where it is short enough to matter."""
    note = f": {ast.unparse(statement.annotation)}" if isinstance(statement, ast.AnnAssign) else ""
    value = getattr(statement, "value", None)
    text = f" = {ast.unparse(value)}" if value else ""
    return same_everywhere(f"{name}{note}{text if len(text) <= LONGEST_VALUE else ' = …'}")


def same_everywhere(text: str) -> str:
    """Undo what `ast.unparse` writes differently from one Python to the next."""
    return " ".join(text.replace("lambda :", "lambda:").split())


if __name__ == "__main__":
    TEXT.write_text(text(), encoding="utf-8")
    print(f"{TEXT.name} is written: look at its difference before you commit it")
