"""Plan: what `run` was asked for, as data that goes to each worker."""

from dataclasses import dataclass

from microframe.cli.logs import LogStyle
from microframe.cli.settings import Required
from microframe.cli.target import Target


@dataclass(frozen=True)
class Plan:
    """How an application is served."""

    target: Target
    logs: LogStyle
    grace: int
    """Seconds that requests in flight have to finish in, once the server is told to stop."""
    workers: int = 1
    reload: bool = False
    required: Required = ()
    """What the command line has set in the environment for the application's configuration."""
