#!/bin/sh
# Lists the Pythons that really run here, best first: "3.13 /path/to/python", one per minor version from 3.9.2 on.
# A name on PATH is no proof (a version manager's shim may stand there and fail), so each is asked for its version.
set -eu

PROBE='import sys
v = sys.version_info
good = v >= (3, 9, 2) and v.releaselevel == "final" and sys.implementation.name == "cpython"
good and print(v[1], getattr(sys, "_base_executable", sys.executable))'

candidates() {
    for minor in 13 12 11 10 9; do echo "python3.$minor"; done
    echo python3
    echo python
    for root in "${PYENV_ROOT:-}" "$(pyenv root 2>/dev/null || true)" "${HOME:-}/.pyenv"; do
        [ -d "$root/versions" ] && ls -d "$root"/versions/*/bin/python 2>/dev/null
    done
    managed=$(uv python dir 2>/dev/null || true)
    [ -d "$managed" ] && ls -d "$managed"/*/bin/python3 2>/dev/null
    true
}

# 3.9 to 3.13 are what the suite runs on, newest first; a newer Python is used only when none of them is there.
candidates | while IFS= read -r python; do
    "$python" -c "$PROBE" 2>/dev/null </dev/null || true
done | awk '!seen[$1]++' | sort -rn | awk '
    $1 > 13 { newer[++n] = $0; next } { print "3." $0 }
    END { for (i = n; i; i--) print "3." newer[i] }'
