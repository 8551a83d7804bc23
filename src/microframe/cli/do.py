"""Do: `microframe do seed count=3`, a command that an application or one of its plugins has registered."""

import asyncio
import functools
import sys
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from microframe import Application, SetupError
from microframe.assembly.commands import arguments_of
from microframe.cli.failure import FAILED, UNLOADABLE, USAGE, Failure, did_you_mean, explained, place_of
from microframe.cli.options import program_options
from microframe.cli.settings import export
from microframe.cli.target import load, parse_target
from microframe.exceptions import Invalid
from microframe.extras import requires_extra
from microframe.injection.signature import Asked, read_signature
from microframe.lifespan import LifespanError
from microframe.markers import MISSING

with requires_extra("cli"):
    import click

Function = Callable[..., Any]


@click.command()
@click.argument("name", metavar="[COMMAND]", required=False)
@click.argument("arguments", metavar="[NAME=VALUE]...", nargs=-1)
@click.option("--app", "target", metavar="TARGET", help="The application, as app:app. [app.py or main.py]")
@program_options
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of a command that fails.")
def do(
    name: Optional[str],
    arguments: Tuple[str, ...],
    target: Optional[str],
    factory: bool,
    env_file: Optional[str],
    verbose: bool,
) -> None:
    """Run a command of an application; without COMMAND, list them.

    The application is started before it and stopped after it. What the command's function asks for is
    injected; its other parameters are given as NAME=VALUE. Text that it returns is printed.
    """
    with explained(verbose):
        chosen = parse_target(target, factory)
        export(env_file, None, ())
        app = load(chosen)
        if not isinstance(app, Application):
            raise Failure(f"{chosen} is no Application of MicroFrame: it has no commands", USAGE)
        if name is None:
            list_commands(app.commands)
            return
        function = find_command(app.commands, name)
        result = perform(app, name, with_arguments(app, name, function, arguments))
    if isinstance(result, str):
        click.echo(result)
    sys.exit(0)


def list_commands(commands: Dict[str, Function]) -> None:
    if not commands:
        click.echo("this application has no commands", err=True)
    width = max(map(len, commands), default=0)
    for name, function in sorted(commands.items()):
        first = (function.__doc__ or "").strip().partition("\n")[0]
        click.echo(f"{name.ljust(width)}  {first}".rstrip())


def find_command(commands: Dict[str, Function], name: str) -> Function:
    if name not in commands:
        hint = did_you_mean(name, list(commands)) or "; `microframe do` lists those that are there"
        raise Failure(f"there is no command {name!r}{hint}", USAGE)
    return commands[name]


# Arguments --------------------------------------------------------------------------------------------------


def with_arguments(app: Application, name: str, function: Function, arguments: Sequence[str]) -> Function:
    """The function with its arguments in place, each read as the type its parameter has.

    Raises:
        Failure: one is unknown, missing, or not what its parameter wants.
    """
    wanted = {asked.name: asked for asked in arguments_of(read_signature(function), app.injector)}
    given: Dict[str, Any] = {}
    for text in arguments:
        key, separator, value = text.partition("=")
        key = key.lstrip("-").replace("-", "_")
        if not separator or key not in wanted:
            hint = did_you_mean(key, list(wanted))
            takes = (
                f"it takes {', '.join(f'{known}=…' for known in wanted)}"
                if wanted
                else "it takes no arguments"
            )
            raise Failure(f"{name} cannot be given {text!r}{hint or f': {takes}'}", USAGE)
        given[key] = read_argument(app, wanted[key], value)
    missing = [key for key, asked in wanted.items() if key not in given and not has_default(asked)]
    if missing:
        raise Failure(f"{name} needs {' '.join(f'{key}=…' for key in missing)}", USAGE)
    return functools.partial(function, **given) if given else function


def has_default(asked: Asked) -> bool:
    return asked.default is not MISSING


def read_argument(app: Application, asked: Asked, text: str) -> Any:
    try:
        return app.injector.codecs.for_annotation(asked.annotation).decoder(asked.annotation)(text)
    except Invalid as exc:
        said: List[str] = [error["msg"] for error in exc.errors]
        raise Failure(f"{asked.name}={text}: {'; '.join(said)}", USAGE) from exc


# Running ----------------------------------------------------------------------------------------------------


def perform(app: Application, name: str, function: Function) -> Any:
    async def main() -> Any:
        async with app.lifespan_context():
            return await app.call(function)

    try:
        return asyncio.run(main())
    except (SetupError, LifespanError) as exc:
        raise Failure(str(exc), UNLOADABLE) from exc
    except Exception as exc:
        place = place_of(exc)
        raise Failure(f"{name} failed: {type(exc).__name__}: {exc} ({place})", FAILED) from exc
