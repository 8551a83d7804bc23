"""The shape of the code, as a test: layers, cycles, faces, sizes, names."""

import ast
import os
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from itertools import chain

import pytest

from tests.sources import Function, definition, functions, graph, modules

# DESIGN §2, lowest first. A module imports from its own layer's package or from a lower layer.
LAYERS = [
    {"exceptions"},
    {"breaker", "concurrency", "context", "extras", "identity", "status"},
    {"http"},
    {"markers", "signing", "endpoint", "posture", "store", "broker"},
    {
        "websocket",
        "lifespan",
        "configurations",
        "security",
        "sessions",
        "limits",
        "caching",
        "redis_client",
        "client",
    },
    {"routing", "validation", "stores", "brokers", "staticfiles"},
    {"plugin", "middleware"},
    {"injection"},
    {"openapi", "asgi", "rsgi", "wsgi"},
    {"assembly"},
    {"checks"},
    {"application", "shield"},
    {""},  # microframe/__init__.py, the public face of the core
    {"testing"},
    {"plugins"},
    {"cli"},
    {"__main__"},
]
CORE = LAYERS.index({""})
PLUGIN_NEEDS: "dict[str, set[str]]" = {
    "ui": {"templates"}
}  # a plugin imports another only if it says so here
SPEAK_ASGI = ("microframe.asgi", "microframe.testing.")
# Functions that may take more than six parameters: option lists that mirror FastAPI's.
OPTION_LISTS = {
    "microframe.application.Application.__init__",
    "microframe.http.cookies.format_cookie",
    "microframe.http.responses.Response.set_cookie",
    "microframe.http.request.Request.__init__",  # the record of a message head, made once a request
    "microframe.http.downloads.FileResponse.__init__",
    "microframe.staticfiles.StaticFiles.__init__",
    "microframe.validation.encoder.jsonable_encoder",
    "microframe.middleware.cors.CORSMiddleware.__init__",
    "microframe.middleware.sessions.SessionMiddleware.__init__",  # keywords alone
    "microframe.middleware.security_headers.SecurityHeadersMiddleware.__init__",  # one for each header
    "microframe.security.oauth2.OAuth2AuthorizationCodeBearer.__init__",
    "microframe.client.safe.SafeHTTPClient.__init__",  # keywords alone
}
EMPTY_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "base",
    "core",
    "manager",
    "types",
    "models",
}
UNSAFE_MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill", "jsonpickle"}
UNSAFE_CALLS = {
    "eval",
    "exec",
    "compile",
    "yaml.load",
    "yaml.load_all",
    "yaml.unsafe_load",
    "yaml.full_load",
    "os.system",
}
ORDINARY_LINES, MOST_LINES = 250, 400
MOST_FUNCTION_LINES, MOST_PARAMETERS, MOST_NESTING = 40, 6, 3


def top(name: str) -> str:
    """The first word after the package: `http` of `microframe.http.request`."""
    return name.split(".")[1] if "." in name else ""


def layer(name: str) -> int:
    """The number of a module's layer."""
    found = [number for number, group in enumerate(LAYERS) if top(name) in group]
    assert found, f"{name} has no layer: say in LAYERS (and in DESIGN §2) where it stands"
    return found[0]


def edges() -> "list[tuple[str, str]]":
    """Every import inside the package: who, and what."""
    return sorted((name, target) for name, targets in graph().items() for target in targets)


def test_no_import_cycles() -> None:
    try:
        list(TopologicalSorter(graph()).static_order())
    except CycleError as exc:
        raise AssertionError(" -> ".join(exc.args[1])) from None


def test_layers_point_downwards() -> None:
    bad = [f"{n} imports {t}" for n, t in edges() if top(n) != top(t) and layer(t) >= layer(n)]
    assert not bad, bad


def test_every_module_has_a_layer() -> None:
    assert all(layer(name) >= 0 for name in modules())


def test_plugins_stand_alone() -> None:
    bad = []
    for name, target in edges():
        if top(name) == top(target) == "plugins" and target != "microframe.plugins":
            own, other = name.split(".")[2], target.split(".")[2]
            if other != own and other not in PLUGIN_NEEDS.get(own, set()):
                bad.append(f"{name} imports {target}")
    assert not bad, bad


def test_middleware_stand_alone() -> None:
    inside = "microframe.middleware."
    bad = [
        f"{name} imports {target}"
        for name, target in edges()
        if name.startswith(inside) and target.startswith(inside)
    ]
    assert not bad, bad


def test_core_imports_modules_not_faces() -> None:
    faces = {name for name, module in modules().items() if module.is_face and name != "microframe"}
    bad = [f"{name} imports {target}" for name, target in edges() if layer(name) < CORE and target in faces]
    assert not bad, bad


def test_outside_the_core_faces_are_imported() -> None:
    bad = []
    for name, target in edges():
        package, _, own = target.rpartition(".")
        behind_a_face = package not in ("", "microframe") and own and modules()[package].public
        if layer(name) > CORE > layer(target) and behind_a_face and not modules()[target].public:
            bad.append(f"{name} imports {target} instead of {package}")
    assert not bad, bad


def test_no_relative_imports() -> None:
    bad = [
        f"{name}:{node.lineno}"
        for name, module in modules().items()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not bad, bad


def test_only_the_edge_speaks_asgi() -> None:
    messages = {
        "http.request",
        "http.disconnect",
        "http.response.start",
        "http.response.body",
        "lifespan.startup",
    }
    messages |= {
        f"websocket.{word}" for word in ("connect", "receive", "send", "close", "disconnect", "accept")
    }
    bad = [
        f"{name}:{node.lineno} {node.value}"
        for name, module in modules().items()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and node.value in messages and not name.startswith(SPEAK_ASGI)
    ]
    assert not bad, bad


def test_every_module_says_what_it_is() -> None:
    bad = [
        name
        for name, module in modules().items()
        if module.text.strip() and not ast.get_docstring(module.tree)
    ]
    assert not bad, bad


def test_every_public_class_and_function_is_documented() -> None:
    bad = set()
    for name, module in modules().items():
        for public in module.public or ():
            node = definition(name, public).node
            if isinstance(
                node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
            ) and not ast.get_docstring(node):
                bad.add(f"{definition(name, public).where}.{public}")
    assert not bad, sorted(bad)


def test_modules_fit_in_the_head() -> None:
    lines = {name: len(module.text.splitlines()) for name, module in modules().items()}
    long = sorted(((count, name) for name, count in lines.items() if count > ORDINARY_LINES), reverse=True)
    print(f"over {ORDINARY_LINES} lines:", long)
    assert not long or long[0][0] <= MOST_LINES, (
        f"over {MOST_LINES} lines (worth splitting from {ORDINARY_LINES}): {long}"
    )


def test_file_names_say_something() -> None:
    bad = [name for name in modules() if name.rsplit(".", 1)[-1].strip("_") in EMPTY_NAMES]
    assert not bad, bad


def every_function() -> "list[tuple[str, Function]]":
    """Every function of the package with its full name."""
    return [
        (f"{name}.{own}", node) for name, module in modules().items() for own, node in functions(module.tree)
    ]


def test_functions_are_short() -> None:
    bad = {}
    for name, node in every_function():
        body = node.body[1:] if ast.get_docstring(node) else node.body
        count = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
        if count > MOST_FUNCTION_LINES:
            bad[name] = count
    assert not bad, bad


def test_functions_take_few_parameters() -> None:
    bad = {}
    for name, node in every_function():
        words = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        count = len([word for word in words if word.arg not in ("self", "cls")])
        if count > MOST_PARAMETERS and name not in OPTION_LISTS:
            bad[name] = count
    assert not bad, bad


def depth(node: ast.AST, within: int = 0) -> int:
    """How deeply blocks stand in each other; `elif` is no deeper than `if`, a nested function starts anew."""
    deepest = within
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or not isinstance(
                child, ast.AST
            ):
                continue
            block = isinstance(
                child, (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith)
            )
            elif_ = (
                field == "orelse"
                and isinstance(node, ast.If)
                and isinstance(child, ast.If)
                and len(value) == 1
            )
            deepest = max(deepest, depth(child, within + (block and not elif_)))
    return deepest


def test_blocks_are_not_nested_deeply() -> None:
    bad = {name: depth(node) for name, node in every_function() if depth(node) > MOST_NESTING}
    assert not bad, bad


def test_nothing_is_executed_or_unpickled() -> None:
    bad = []
    for name, module in modules().items():
        for node in ast.walk(module.tree):
            imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            imported += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if UNSAFE_MODULES & set(imported) or (
                isinstance(node, ast.Call) and ast.unparse(node.func) in UNSAFE_CALLS
            ):
                bad.append(f"{name}:{getattr(node, 'lineno', 0)}")
    assert not bad, bad


IMPORT_EACH = """
import importlib, os, sys, traceback
import pydantic, multipart, typing_extensions
import microframe
failed = 0
for name in set(sys.argv[1:]) - set(sys.modules):
    sys.stderr.flush()
    child = os.fork()
    if not child:
        try:
            importlib.import_module(name)
        except BaseException as exc:
            missing = isinstance(exc.__cause__, ModuleNotFoundError) and type(exc).__name__ == "SetupError"
            if not missing:
                print(f"{name}: {''.join(traceback.format_exception_only(type(exc), exc))}", file=sys.stderr)
                os._exit(1)
        os._exit(0)
    failed |= os.waitpid(child, 0)[1]
sys.exit(bool(failed))
"""


@pytest.mark.timeout(120)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_every_module_can_be_imported_first() -> None:
    # Whatever is imported, the face comes first and brings the core along. What it leaves out is imported after it,
    # each in a fork of its own.
    names = [name for name in modules() if top(name) != "__main__"]
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EACH, *names], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_layers_name_each_module_once() -> None:
    names = list(chain.from_iterable(LAYERS))
    assert len(names) == len(set(names))
