"""Weak application: the refusal of a strict one to start, with what was found."""

from typing import Sequence

from microframe.exceptions import SetupError
from microframe.plugin import Finding
from microframe.routing.place import shown_path


class WeakApplication(SetupError):
    """A strict application is weak somewhere; `findings` say where."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = findings
        lines = "".join(f"\n  {line_of(one)}" for one in findings)
        super().__init__(f"strict: this application does not start while something of it is weak:{lines}")


def line_of(finding: Finding) -> str:
    place = f"{shown_path(finding.file)}:{finding.line}: " if finding.file else ""
    return f"{place}{finding.message} [{finding.code}]{f' {finding.remedy}' if finding.remedy else ''}"


def is_serious(finding: Finding) -> bool:
    """Whether it is more than a note."""
    return finding.severity != "note"
