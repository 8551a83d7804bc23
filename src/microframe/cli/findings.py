"""Findings: what `microframe check` has found, as text, as JSON and as SARIF 2.1.0."""

import json
from typing import Any, Callable, Dict, Iterator, List, Mapping, Sequence

from microframe.cli.sarif import Result, Rule, format_log
from microframe.plugin import Finding
from microframe.routing.place import shown_path


def format_text(findings: Sequence[Finding]) -> str:
    """One line each, as compilers write them: `app.py:12: error: … [code]`, and below it how to mend it."""
    return "\n".join(line for one in findings for line in lines_of(one))


def lines_of(finding: Finding) -> Iterator[str]:
    yield f"{place_of(finding)}{finding.severity}: {finding.message} [{finding.code}]"
    if finding.remedy:
        yield f"    {finding.remedy}"


def place_of(finding: Finding) -> str:
    if not finding.file:
        return ""
    file = shown_path(finding.file)
    return f"{file}:{finding.line}: " if finding.line else f"{file}: "


def format_json(findings: Sequence[Finding]) -> str:
    """A list of objects with `code`, `message`, `remedy`, `file`, `line` and `severity`; what is not known is null."""
    return json.dumps([record_of(one) for one in findings], indent=2, ensure_ascii=False)


def record_of(finding: Finding) -> Dict[str, Any]:
    return {
        "code": finding.code,
        "message": finding.message,
        "remedy": finding.remedy or None,
        "file": shown_path(finding.file) if finding.file else None,
        "line": finding.line or None,
        "severity": finding.severity,
    }


def format_sarif(findings: Sequence[Finding]) -> str:
    """What code scanners read; files are relative to the working directory where they are below it."""
    rules = [Rule(code) for code in sorted({one.code for one in findings})]
    return format_log(rules, [result_of(one) for one in findings])


def result_of(one: Finding) -> Result:
    text = f"{one.message}. {one.remedy}" if one.remedy else one.message
    return Result(one.code, one.severity, text, one.file, one.line)


FORMATS: Mapping[str, Callable[[List[Finding]], str]] = {
    "text": format_text,
    "json": format_json,
    "sarif": format_sarif,
}
