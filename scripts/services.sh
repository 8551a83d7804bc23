#!/bin/sh
# Installs the servers that the tests talk to and no Python package brings: Redis. Where this cannot be done (no root, no
# apt-get, no network) it says so, and the tests that need one are skipped and say so too.
set -u

has() { command -v "$1" >/dev/null 2>&1; }
install() { DEBIAN_FRONTEND=noninteractive timeout 120 apt-get install -y -q --no-install-recommends "$@" >/dev/null 2>&1 </dev/null; }

missing=""
has redis-server || has valkey-server || missing="redis-server"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && has apt-get; then
    # shellcheck disable=SC2086
    install $missing || { timeout 120 apt-get update -q >/dev/null 2>&1 </dev/null; install $missing; } || true
fi
has redis-server || has valkey-server || echo "redis-server is not here and could not be installed: its tests will be skipped" >&2
exit 0
