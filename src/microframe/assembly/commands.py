"""Commands: functions that the command line runs; what they ask for is checked when the application is built."""

from typing import Any, Callable, Dict, Iterable, List, Mapping

from microframe.assembly.installation import Installation
from microframe.exceptions import SetupError
from microframe.injection.checks import is_framework, is_provided
from microframe.injection.injector import Injector
from microframe.injection.signature import Asked, Signature, read_signature
from microframe.injection.site import Site


def gather_commands(own: Dict[str, Callable[..., Any]], installations: Iterable[Installation]) -> None:
    """Add the commands of plugins to the application's own, which win.

    Raises:
        SetupError: two plugins have a command of one name.
    """
    owners: Dict[str, str] = {}
    for installation in installations:
        for name, function in installation.commands.items():
            plugin = installation.plugin.name
            if owners.setdefault(name, plugin) != plugin:
                raise SetupError(f"the plugins {owners[name]!r} and {plugin!r} both have a command {name!r}")
            own.setdefault(name, function)


def check_commands(commands: Mapping[str, Callable[..., Any]], injector: Injector) -> None:
    """See that every command can be run: what it asks for is there without a request, at any depth.

    Raises:
        SetupError: one asks for what no command has.
    """
    for name, function in commands.items():
        signature = read_signature(function)
        given = {asked.name for asked in arguments_of(signature, injector)}
        injected = tuple(asked for asked in signature.parameters if asked.name not in given)
        try:
            injector.compile(signature._replace(parameters=injected), Site("work", signature.where))
        except SetupError as exc:
            raise SetupError(f"the command {name!r}: {exc}") from exc


def arguments_of(signature: Signature, injector: Injector) -> List[Asked]:
    """The parameters that are given on the command line, because nothing injects them."""

    def is_injected(asked: Asked) -> bool:
        if asked.marker is not None or is_framework(asked.annotation) or is_provided(asked.annotation):
            return True
        return injector.provider_of(asked.annotation) is not None

    return [asked for asked in signature.parameters if not is_injected(asked)]
