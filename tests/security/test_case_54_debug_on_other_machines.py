"""Case 54: a debug page that other machines can open gives the program's source away."""

import dataclasses

import pytest

from microframe import AppConfig, Application
from microframe.cli.failure import Failure
from microframe.cli.run import RunOptions, refuse


def options(**given: object) -> RunOptions:
    nothing = {field.name: None for field in dataclasses.fields(RunOptions)}
    return RunOptions(**{**nothing, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_case_54_debug_is_served_to_other_machines_only_when_forced(host: str) -> None:
    config = AppConfig(debug=True, host=host)
    with pytest.raises(Failure, match="debug is on"):
        refuse(Application(config), config, options())
    refuse(Application(config), config, options(allow_remote_debug=True))
    quiet = AppConfig(debug=False, host=host)
    refuse(Application(quiet), quiet, options())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_case_54_debug_is_served_to_this_machine(host: str) -> None:
    config = AppConfig(debug=True, host=host)
    refuse(Application(config), config, options())
