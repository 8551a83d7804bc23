"""Run: `microframe run app:app`, an application on a server."""

import contextlib
import importlib
import logging
import socket
import sys
from dataclasses import dataclass
from typing import Callable, Iterator, List, Optional, Tuple

from microframe import AppConfig, Application, SetupError
from microframe.cli.failure import FAILED, USAGE, Failure, explained
from microframe.cli.listeners import close_all, inherit, is_loopback, open_listeners, unix_listener, url_of
from microframe.cli.logs import LogStyle, configure
from microframe.cli.options import program_options
from microframe.cli.plan import Plan
from microframe.cli.settings import Required, export, settings_of
from microframe.cli.target import Loaded, Target, load, parse_target
from microframe.extras import requires_extra

with requires_extra("cli"):
    import click

logger = logging.getLogger("microframe.cli")

GRACE = 30
RELOAD_GRACE = 1


@dataclass(frozen=True)
class RunOptions:
    """The options of `microframe run`; None for what the application's configuration says."""

    host: Optional[str]
    port: Optional[int]
    uds: Optional[str]
    fd: Optional[int]
    workers: Optional[int]
    reload: bool
    factory: bool
    env_file: Optional[str]
    root_path: Optional[str]
    trusted_proxies: Tuple[str, ...]
    log_level: Optional[str]
    log_format: str
    access_log: bool
    timeout_graceful_shutdown: Optional[int]
    allow_remote_debug: bool
    verbose: bool


def split_list(
    context: click.Context, parameter: click.Parameter, values: Tuple[str, ...]
) -> Tuple[str, ...]:
    """`--trusted-proxies a,b --trusted-proxies c` as one list."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


LEVELS = ("critical", "error", "warning", "info", "debug")


@click.command()
@click.argument("target", required=False)
@click.option("--host", help="Address to listen on. [AppConfig.host: 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65_535), help="Port; 0 takes a free one. [AppConfig.port: 8000]"
)
@click.option("--uds", metavar="PATH", help="Listen on a Unix socket instead.")
@click.option("--fd", type=click.IntRange(0), help="Listen on a socket that the parent process has opened.")
@click.option("--workers", type=click.IntRange(1), help="Processes. [AppConfig.workers: 1]")
@click.option("--reload", is_flag=True, help="Start anew when a file below the working directory changes.")
@program_options
@click.option("--root-path", help="Path that a proxy cuts off in front of the application.")
@click.option(
    "--trusted-proxies",
    metavar="ADDRESSES",
    multiple=True,
    callback=split_list,
    help="Addresses and networks, separated by commas, whose Forwarded headers are believed.",
)
@click.option(
    "--log-level", type=click.Choice(LEVELS), help="Least level that is logged. [AppConfig.log_level: info]"
)
@click.option("--log-format", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option("--access-log/--no-access-log", default=True, help="Whether each request is logged. [on]")
@click.option(
    "--timeout-graceful-shutdown",
    type=click.IntRange(0),
    metavar="SECONDS",
    help=f"What requests in flight have to finish in. [{GRACE}; {RELOAD_GRACE} with --reload]",
)
@click.option("--allow-remote-debug", is_flag=True, help="Serve other machines although debug is on.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks of what cannot be loaded or started.")
def run(target: Optional[str], **given: object) -> None:
    """Serve an application.

    TARGET is module:attribute, as in app:app; without one, app.py or main.py of the working directory is
    taken. Options win over the application's own configuration.
    """
    # click has given each the type that the record names.
    options = RunOptions(**given)  # type: ignore[arg-type]
    with explained(options.verbose):
        sys.exit(run_target(target, options))


def run_target(text: Optional[str], options: RunOptions) -> int:
    require_server(options.reload)
    target = parse_target(text, options.factory)
    required = export(options.env_file, options.root_path, options.trusted_proxies)
    app = load(target)
    config = with_options(settings_of(app, required), options)
    refuse(app, config, options)
    plan = plan_of(target, config, options, required)
    configure(plan.logs)
    with listeners(config, options) as sockets:
        return serve_on(sockets, app, config, plan)


def require_server(reloads: bool) -> None:
    """Import what serves, so that a missing package is told before anything else is done.

    Raises:
        Failure: one is missing; the text says what to install.
    """
    try:
        importlib.import_module("microframe.cli.reload" if reloads else "microframe.cli.server")
    except SetupError as exc:
        raise Failure(str(exc), FAILED) from exc


def with_options(config: AppConfig, options: RunOptions) -> AppConfig:
    """The configuration as the command line wants it: what is said here wins."""
    said = {
        "host": options.host,
        "port": options.port,
        "workers": options.workers,
        "log_level": options.log_level,
    }
    try:
        # A TypedDict loses its types in a comprehension.
        return config.replace(**{name: value for name, value in said.items() if value is not None})  # type: ignore[arg-type]
    except SetupError as exc:
        raise Failure(str(exc), USAGE) from exc


def refuse(app: Loaded, config: AppConfig, options: RunOptions) -> None:
    """Nothing, when these may go together.

    Raises:
        Failure: they may not.
    """
    if options.uds and options.fd is not None:
        raise Failure("--uds and --fd are two places to listen: choose one", USAGE)
    if options.reload and options.workers and options.workers > 1:
        raise Failure("--reload has one worker: leave --workers out", USAGE)
    if options.reload and config.is_production:
        raise Failure("production does not reload: leave --reload out", USAGE)
    if config.workers > 1 and not options.reload and isinstance(app, Application):
        refuse_separate_workers(app, config.workers)
    if not isinstance(app, Application) or not config.debug or options.allow_remote_debug:
        return
    if not options.uds and options.fd is None and not is_loopback(config.host):
        raise Failure(
            f"debug is on, and {config.host} can be reached from other machines: set MICROFRAME_DEBUG=false "
            "or MICROFRAME_ENVIRONMENT=production, or insist with --allow-remote-debug",
            USAGE,
        )


def refuse_separate_workers(app: Application, workers: int) -> None:
    """Nothing, when several processes may serve an application: what they share is where all of them see it.

    Raises:
        Failure: each would keep something, or tell it, by itself.
    """
    from microframe.checks.processes import kept_in_process, told_in_process

    kept = kept_in_process(app)
    if kept:
        raise Failure(
            f"{workers} workers would each keep for themselves what they must share ({', '.join(kept)}): set "
            "redis_url (MICROFRAME_REDIS_URL=redis://…) or store_url (MICROFRAME_STORE_URL=sqlite:///…)"
            f"{' instead of giving store=' if app.shared.is_given else ''}, or start one worker",
            USAGE,
        )
    told = told_in_process(app)
    if told:
        raise Failure(
            f"{workers} workers would each hear their own messages alone ({', '.join(told)}): set redis_url "
            "(MICROFRAME_REDIS_URL=redis://…) or broker_url (MICROFRAME_BROKER_URL=redis://…)"
            f"{' instead of giving broker=' if app.own_broker.is_given else ''}, or start one worker",
            USAGE,
        )


@contextlib.contextmanager
def listeners(config: AppConfig, options: RunOptions) -> Iterator[List[socket.socket]]:
    """The sockets to serve on, closed afterwards."""
    if options.uds:
        with unix_listener(options.uds) as listener:
            yield [listener]
        return
    opened = [inherit(options.fd)] if options.fd is not None else open_listeners(config.host, config.port)
    try:
        yield opened
    finally:
        close_all(opened)


def plan_of(target: Target, config: AppConfig, options: RunOptions, required: Required) -> Plan:
    coloured = config.is_development and sys.stderr.isatty() and sys.stdout.isatty()
    as_json = options.log_format == "json"
    logs = LogStyle(config.log_level, as_json, options.access_log, coloured, options.verbose)
    grace = options.timeout_graceful_shutdown
    if grace is None:
        grace = RELOAD_GRACE if options.reload else GRACE
    return Plan(target, logs, grace, 1 if options.reload else config.workers, options.reload, required)


def serve_on(sockets: List[socket.socket], app: Loaded, config: AppConfig, plan: Plan) -> int:
    """Serve in this process, in several workers, or in one that is reloaded; gives the exit code."""
    announce = announcement(app, config, plan, [url_of(one) for one in sockets])
    if plan.reload:
        from microframe.cli.reload import reload

        return reload(plan, sockets, announce)
    if plan.workers > 1:
        from microframe.cli.supervisor import Workers

        return Workers(plan, sockets, announce).run()
    from microframe.cli.server import serve

    return serve(app, config, plan, sockets, announce)


def announcement(app: Loaded, config: AppConfig, plan: Plan, places: List[str]) -> Callable[[], None]:
    """What is said once requests are accepted."""
    ours = isinstance(app, Application)
    facts: List[str] = [config.environment]
    if isinstance(app, Application):
        facts.append(f"{len(app.routes)} routes" if len(app.routes) != 1 else "1 route")
    if plan.workers > 1:
        facts.append(f"{plan.workers} workers")

    def announce() -> None:
        title = config.title if ours else plan.target
        logger.info("%s is served at %s (%s)", title, " and ".join(places), ", ".join(facts))
        if config.is_development and ours:
            logger.info("its routes: microframe routes %s; Ctrl+C stops it", plan.target)

    return announce
