"""The page of the benchmarks: a run writes its own section, and leaves what others wrote."""

from pathlib import Path

from benchmarks.report import MIDDLEWARE, TRANSFERS, page_of, put_sections

OLD = """# Benchmarks

- of the main run

## The application alone

| plain | 1 |

## Transfers

old transfers

## Stores

old stores
"""


def test_a_section_of_its_own_is_written_anew_and_the_others_stay(tmp_path: Path) -> None:
    output = tmp_path / "RESULTS.md"
    output.write_text(OLD, encoding="utf-8")
    page = put_sections(page_of(output), output, {TRANSFERS: "## Transfers\n\nnew transfers\n"})
    assert "old transfers" not in page
    assert page.startswith(
        "# Benchmarks\n\n- of the main run\n\n## The application alone\n\n| plain | 1 |\n\n"
    )
    assert page.endswith("## Stores\n\nold stores\n\n## Transfers\n\nnew transfers\n")


def test_a_new_page_keeps_the_sections_that_runs_of_their_own_have_written(tmp_path: Path) -> None:
    output = tmp_path / "RESULTS.md"
    output.write_text(OLD, encoding="utf-8")
    page = put_sections("# Benchmarks\n\n- new\n", output, {})
    assert page == "# Benchmarks\n\n- new\n\n## Stores\n\nold stores\n\n## Transfers\n\nold transfers\n"


def test_the_first_run_of_all_writes_a_page(tmp_path: Path) -> None:
    output = tmp_path / "RESULTS.md"
    page = put_sections(page_of(output), output, {MIDDLEWARE: "## Middleware\n\nnew\n"})
    assert page == "# Benchmarks\n\n## Middleware\n\nnew\n"
