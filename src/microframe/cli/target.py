"""Target: which application a command is about, `module:attribute`, and how it is imported and built."""

import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, NoReturn, Optional, Union

from microframe import Application, Router, SetupError
from microframe.checks.weak_application import WeakApplication, line_of
from microframe.cli.failure import USAGE, Failure, did_you_mean, place_of
from microframe.injection.signature import count_arguments
from microframe.routing.place import shown_path

CANDIDATES = ("app", "main")
ATTRIBUTE = "app"

Loaded = Union[Application, Callable[..., Any]]
"""One of our applications, or any other ASGI application."""


@dataclass(frozen=True)
class Target:
    """Where an application is found; with `factory`, what is found there makes it."""

    module: str
    attribute: str = ATTRIBUTE
    factory: bool = False

    def __str__(self) -> str:
        return f"{self.module}:{self.attribute}"


def parse_target(text: Optional[str], factory: bool = False) -> Target:
    """A target as it is typed: `app:app`, `app` or `app.py`; nothing stands for `app:app` or `main:app`,
    whichever file is there.

    Raises:
        Failure: it is none, or nothing was given and there is nothing to be found.
    """
    if text is None:
        found = next((name for name in CANDIDATES if Path(f"{name}.py").is_file()), None)
        if found is None:
            raise Failure("which application? Neither app.py nor main.py is here: name it, as app:app", USAGE)
        return Target(found, factory=factory)
    module, _, attribute = text.partition(":")
    if module.endswith(".py"):
        module = ".".join(Path(module).with_suffix("").parts)
    target = Target(module, attribute or ATTRIBUTE, factory)
    if not all(part.isidentifier() for part in f"{target.module}.{target.attribute}".split(".")):
        raise Failure(f"{text!r} names no application: write module:attribute, as in app:app", USAGE)
    return target


def load(target: Target) -> Loaded:
    """Import a target and build it, with the working directory on the import path.

    Raises:
        Failure: it is not there, cannot be imported or built, or is no application.
    """
    if not {"", os.getcwd()} & set(sys.path):
        sys.path.insert(0, os.getcwd())
    found = find_attribute(import_module(target), target)
    if target.factory:
        found = call_factory(found, target)
    check_is_application(found, target)
    if isinstance(found, Application):
        build(found, target)
    loaded: Loaded = found
    return loaded


# Importing --------------------------------------------------------------------------------------------------


def import_module(target: Target) -> Any:
    try:
        return importlib.import_module(target.module)
    except ModuleNotFoundError as exc:
        name = exc.name or ""
        if f"{target.module}.".startswith(f"{name}."):
            raise Failure(f"there is no module {name!r}{like(name)} (looked for {target})") from exc
        raise Failure(f"{place_of(exc)}: there is no module {name!r} (imported by {target})") from exc
    except SyntaxError as exc:
        where = f"{shown_path(exc.filename or target.module)}:{exc.lineno}"
        raise Failure(f"{where}: {exc.msg} (imported by {target})") from exc
    except (Exception, SystemExit) as exc:
        fail(exc, f"{target} cannot be imported")


def like(name: str) -> str:
    """The file of the working directory that may have been meant."""
    return did_you_mean(name, [file.stem for file in Path().glob("*.py")]) if "." not in name else ""


def find_attribute(module: Any, target: Target) -> Any:
    found = module
    for name in target.attribute.split("."):
        try:
            found = getattr(found, name)
        except AttributeError as exc:
            owner = target.module if found is module else type(found).__name__
            raise Failure(f"{owner} has no {name!r}{other(name, found)} (looked for {target})") from exc
    return found


def other(name: str, owner: Any) -> str:
    """What may have been meant: a name that is close, or else the applications that are there."""
    there = getattr(owner, "__dict__", {})
    close = did_you_mean(name, [known for known in there if not known.startswith("_")])
    applications = [known for known, value in there.items() if isinstance(value, Application)]
    return close or (f"; it has {', '.join(applications)}" if applications else "")


def call_factory(factory: Any, target: Target) -> Any:
    if isinstance(factory, Application) or not callable(factory):
        raise Failure(f"{target} makes no application, it is {a(factory)}: leave --factory out")
    try:
        return factory()
    except (Exception, SystemExit) as exc:
        fail(exc, f"{target}() cannot make the application")


# Checking ---------------------------------------------------------------------------------------------------


def check_is_application(found: Any, target: Target) -> None:
    """Nothing, when it is an application of ours or any other ASGI application.

    Raises:
        Failure: it is something else; the text proposes what may be wrong.
    """
    what = f"{target}() made" if target.factory else f"{target} is"
    if isinstance(found, Application):
        return
    if isinstance(found, Router):
        raise Failure(f"{what} a Router: include it in an Application")
    if isinstance(found, type) or not callable(found):
        raise Failure(f"{what} {a(found)}, not an application")
    try:
        wanted = count_arguments(found)
    except SetupError:
        return  # written in C, perhaps: the server will find out
    if wanted == 0 and not target.factory:
        raise Failure(f"{what} a function without parameters: if it makes the application, add --factory")
    if wanted != 3:
        raise Failure(f"{what} {a(found)}, not an application: ASGI calls it with scope, receive and send")


def a(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"an {name}" if name[0] in "AEIOUaeiou" else f"a {name}"


def build(application: Application, target: Target) -> None:
    try:
        application.build()
    except WeakApplication as exc:
        text = f"{target} is strict, and does not start while something of it is weak:"
        raise Failure(text, details=[line_of(finding) for finding in exc.findings]) from exc
    except Exception as exc:
        fail(exc, f"{target} cannot be built")


def fail(exc: BaseException, what: str) -> NoReturn:
    """One line of an exception: a `SetupError` says what is wrong by itself, others need their type."""
    text = str(exc) if isinstance(exc, SetupError) else f"{type(exc).__name__}: {exc}"
    place = place_of(exc)
    raise Failure(f"{what}: {text}" + (f" ({place})" if place else "")) from exc
