"""D16: what the former project had twice stands here once, and every class that is public is found by one name."""

import ast
import importlib
from collections import defaultdict

import pytest

import microframe
from tests.sources import modules

ONCE = [
    "Depends",
    "Dependency",
    "Injector",
    "Router",
    "Route",
    "Controller",
    "Application",
    "AppConfig",
    "Request",
    "Response",
    "HTTPException",
    "ValidationException",
    "TestClient",
    "StaticFiles",
    "WebSocket",
    "Signer",
]
GONE = {"DependencyManager", "RouteInfo", "RouteRegistry", "APIRouter", "AppException"}
AT_MOST_ONCE = [
    "AuthPages",
    "CORSMiddleware",
    "ComponentRegistry",
    "RateLimiter",
    "SecurityMiddleware",
    "TemplateEngine",
]


def definitions() -> "dict[str, list[str]]":
    """The modules that define each class and function, at their outermost level."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, module in modules().items():
        for node in module.tree.body:
            if not isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            if name not in found[node.name]:  # overloads of one function
                found[node.name].append(name)
    return found


@pytest.mark.parametrize("name", ONCE)
def test_there_is_exactly_one(name: str) -> None:
    assert len(definitions().get(name, [])) == 1


@pytest.mark.parametrize("name", AT_MOST_ONCE)
def test_there_is_never_a_second_one(name: str) -> None:
    assert len(definitions().get(name, [])) <= 1


def test_names_of_the_former_twins_are_gone() -> None:
    assert not GONE & definitions().keys()


def test_a_name_that_several_faces_offer_is_one_thing() -> None:
    offered = defaultdict(list)
    for name, module in modules().items():
        if module.is_face and module.public and "plugins" not in name:
            face = importlib.import_module(name)
            for public in module.public:
                offered[public].append(getattr(face, public))
    assert offered["AppConfig"][1:]  # microframe, and microframe.configurations
    assert not [name for name, things in offered.items() if any(one is not things[0] for one in things)]


def test_the_application_is_a_router_and_not_another_one() -> None:
    assert issubclass(microframe.Application, microframe.Router)
    kinds = [
        f"{name}.{node.name}"
        for name, module in modules().items()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef) and node.name == "include_router"
    ]
    # A plugin's host offers it too: the protocol, and what passes it on to a router.
    assert sorted(kinds) == [
        "microframe.assembly.installation.include_router",
        "microframe.plugin.include_router",
        "microframe.routing.router.include_router",
    ]
