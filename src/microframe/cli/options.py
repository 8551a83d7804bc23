"""Options: what several commands are told in the same words."""

from typing import Any, Callable, Iterable, TypeVar

from microframe.extras import requires_extra

with requires_extra("cli"):
    import click

F = TypeVar("F", bound=Callable[..., Any])


def program_options(function: F) -> F:
    """How the application is found and set: `factory` and `env_file`."""
    function = click.option(
        "--env-file",
        type=click.Path(exists=True, dir_okay=False),
        help="File of MICROFRAME_* settings, instead of .env.",
    )(function)
    return click.option(
        "--factory", is_flag=True, help="The target is a function that makes the application."
    )(function)


def format_option(formats: Iterable[str]) -> Callable[[F], F]:
    """In which of these formats it is told: `form`."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(list(formats)),
        default="text",
        show_default=True,
        help="How it is told.",
    )
