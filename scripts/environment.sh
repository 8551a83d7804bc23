#!/bin/sh
# Makes a virtual environment ready: environment.sh FOLDER PYTHON EXTRAS GROUP
# PYTHON may be empty (the best one found), EXTRAS too. uv does the work where it is there and works, else venv and pip.
set -eu

folder=$1 wanted=$2 extras=$3 group=$4
bin="$folder/bin"
here=$(dirname "$0")
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH PIP_USER PIP_TARGET PIP_PREFIX || true

say() { printf '%s\n' "$*" >&2; }
fail() { say "microframe: $*"; exit 1; }
works() { "$@" >/dev/null 2>&1 </dev/null; }
recent() { works "$1" -c 'import sys; sys.exit(sys.version_info < (3, 9, 2))'; }
uv_works() { works uv --version; }

check_wanted() {
    works "$wanted" -c '' || fail "PYTHON=$wanted does not run"
    recent "$wanted" || fail "PYTHON=$wanted is $("$wanted" -V 2>&1): 3.9.2 or newer is needed"
}

find_python() {
    [ -z "$wanted" ] || { printf '%s\n' "$wanted" && return; }
    found=$(sh "$here/pythons.sh" | sed -n '1s/^[^ ]* //p')
    [ -n "$found" ] || fail "no Python 3.9.2 or newer found: install one, or name it with PYTHON=/path/to/python"
    printf '%s\n' "$found"
}

same_version() {
    [ "$("$1" -V 2>&1)" = "$("$2" -V 2>&1)" ]
}

create() {
    if uv_works && works uv venv --quiet --clear --no-project --python "$1" "$folder"; then return; fi
    works "$1" -c 'import ensurepip, venv' ||
        fail "$1 has no venv module: install it (Debian, Ubuntu: apt install python3-venv), or install uv"
    "$1" -m venv --clear "$folder" || fail "$1 could not create a virtual environment in $folder"
}

install_with_uv() {
    uv_works && uv pip install --quiet --python "$bin/python" --editable ".${extras:+[$extras]}" --group "$group"
}

install_with_pip() {
    works "$bin/python" -m pip --version || "$bin/python" -m ensurepip --upgrade >/dev/null
    "$bin/python" -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1" # --group came with it
    "$bin/python" -m pip install --quiet --disable-pip-version-check --editable ".${extras:+[$extras]}" --group "$group"
}

[ -z "$wanted" ] || check_wanted
rm -f "$folder"/.ready*
if ! recent "$bin/python" || { [ -n "$wanted" ] && ! same_version "$bin/python" "$wanted"; }; then
    python=$(find_python)
    say "creating $folder with $("$python" -V 2>&1)"
    create "$python"
fi
say "installing the package${extras:+ [$extras]} and the group '$group' into $folder"
install_with_uv || install_with_pip || fail "the installation failed (see above); is the package index reachable?"
