"""The team board is what `microframe check` asks for."""

from tests.cli.programs import call


def test_everything_that_the_board_answers_is_in_its_document() -> None:
    result = call("check", "examples.board.app:app")
    assert (result.exit_code, result.stdout) == (0, "")
