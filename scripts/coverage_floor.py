"""Coverage floors, package by package: the core is held higher than what loads applications.

Reads what `coverage json` writes: `python scripts/coverage_floor.py coverage.json`.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

CORE, OTHERS = 95.0, 85.0
OUTSIDE_THE_CORE = {"cli", "__main__", "plugins", "testing"}


def percentages(report: Path) -> dict[str, float]:
    """Lines and branches that ran, in percent, for each package or top-level module."""
    have: dict[str, int] = defaultdict(int)
    want: dict[str, int] = defaultdict(int)
    for file, found in json.loads(report.read_text(encoding="utf-8"))["files"].items():
        words = Path(file).with_suffix("").parts
        inside = words[words.index("microframe") + 1 :]
        name = "/".join(inside[:2]) if inside[0] == "plugins" else inside[0]
        summary = found["summary"]
        have[name] += summary["covered_lines"] + summary.get("covered_branches", 0)
        want[name] += summary["num_statements"] + summary.get("num_branches", 0)
    return {name: 100.0 * have[name] / want[name] for name in sorted(want) if want[name]}


def main(report: str) -> int:
    """Print the table; the exit code says whether a package is below its floor."""
    low = []
    for name, percent in percentages(Path(report)).items():
        floor = OTHERS if name.split("/")[0] in OUTSIDE_THE_CORE else CORE
        print(f"{percent:6.1f} %  {name}" + (f"  (below {floor:g} %)" if percent < floor else ""))
        low += [name] if percent < floor else []
    if low:
        print(f"coverage: below the floor: {', '.join(low)}")
    return bool(low)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
